import Bytes
import TestSupport
import Testing

@Suite struct ByteBufferTests {
  // An expectation cannot hold a buffer.
  private func all(_ buffer: borrowing ByteBuffer) -> [UInt8] { buffer.copy(0..<buffer.count) }

  @Test func bytesComeOutInTheOrderTheyWentIn() {
    var buffer = ByteBuffer()
    buffer.append([1, 2, 3])
    buffer.append([4, 5][...])
    buffer.append("ab")
    buffer.append(utf8: "ç")
    #expect(all(buffer) == [1, 2, 3, 4, 5, 0x61, 0x62, 0xC3, 0xA7])
    buffer.consume(4)
    #expect(all(buffer) == [5, 0x61, 0x62, 0xC3, 0xA7])
    let next = buffer[0]
    #expect(next == 5)
    buffer.consume(5)
    let isEmpty = buffer.isEmpty
    #expect(isEmpty)
  }

  @Test func writableBytesAreAtLeastTheMinimumAndBecomeReadable() {
    var buffer = ByteBuffer(capacity: 4)
    buffer.append([1, 2])
    let written = unsafe buffer.withWritableBytes(minimum: 100) { bytes in
      #expect(bytes.count >= 100)
      unsafe bytes[0] = 3
      unsafe bytes[1] = 4
      return 2
    }
    #expect(written == 2)
    #expect(all(buffer) == [1, 2, 3, 4])
  }

  @Test func clearingWithoutCapacityGivesTheMemoryBack() {
    var buffer = ByteBuffer(capacity: 64)
    buffer.append([1])
    buffer.clear(keepingCapacity: true)
    let kept = (buffer.count, buffer.capacity)
    #expect(kept == (0, 64))
    buffer.clear(keepingCapacity: false)
    let capacity = buffer.capacity
    #expect(capacity == 0)
  }

  /// Consuming as fast as appending must not grow the memory: a long connection would never stop to.
  @Test func consumedSpaceIsUsedAgain() {
    var buffer = ByteBuffer(capacity: 256)
    for _ in 0..<10_000 {
      buffer.append([UInt8](repeating: 7, count: 100))
      buffer.consume(100)
      buffer.append([1])
      buffer.consume(1)
    }
    let capacity = buffer.capacity
    #expect(capacity <= 512)
  }

  private func range(within bytes: [UInt8], using generator: inout SeededGenerator) -> Range<Int> {
    let start = Int.random(in: 0...bytes.count, using: &generator)
    return start..<Int.random(in: start...bytes.count, using: &generator)
  }

  @Test(arguments: Seeds.take(50)) func behavesLikeAnArray(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var buffer = ByteBuffer(capacity: Int.random(in: 0...32, using: &generator))
    var model: [UInt8] = []
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      switch Int.random(in: 0..<7, using: &generator) {
      case 0:
        buffer.append(bytes)
        model += bytes
      case 1:
        let count = Int.random(in: 0...model.count, using: &generator)
        buffer.consume(count)
        model.removeFirst(count)
      case 2:
        let written = buffer.append(bytesMax: bytes.count + 5) { $0.append(bytes) }
        #expect(written == bytes.count)
        model += bytes
      case 3:
        let count = Int.random(in: 0...model.count, using: &generator)
        #expect(buffer.take(count) == Array(model.prefix(count)))
        model.removeFirst(count)
      case 4:
        let range = range(within: model, using: &generator)
        buffer.remove(range)
        model.removeSubrange(range)
      case 5:
        let range = range(within: model, using: &generator)
        let offset = Int.random(in: 0...range.lowerBound, using: &generator)
        buffer.move(range, to: offset)
        model.replaceSubrange(offset..<offset + range.count, with: Array(model[range]))
      default:
        _ = unsafe buffer.withWritableBytes(minimum: bytes.count) { target in
          for (index, byte) in bytes.enumerated() { unsafe target[index] = byte }
          return bytes.count
        }
        model += bytes
      }
      #expect(all(buffer) == model)
      let lent = buffer.withBytes { $0.copied }
      #expect(lent == model)
    }
  }
}
