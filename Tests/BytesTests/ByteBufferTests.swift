import Bytes
import TestSupport
import Testing

@Suite struct ByteBufferTests {
  @Test func bytesComeOutInTheOrderTheyWentIn() {
    var buffer = ByteBuffer()
    buffer.append([1, 2, 3])
    buffer.append([4, 5][...])
    buffer.append("ab")
    buffer.append(utf8: "ç")
    #expect(buffer.count == 9)
    #expect(buffer.copy(0..<9) == [1, 2, 3, 4, 5, 0x61, 0x62, 0xC3, 0xA7])
    buffer.consume(4)
    #expect(buffer[0] == 5)
    buffer.consume(5)
    #expect(buffer.isEmpty)
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
    #expect(buffer.copy(0..<4) == [1, 2, 3, 4])
  }

  @Test func clearingWithoutCapacityGivesTheMemoryBack() {
    var buffer = ByteBuffer(capacity: 64)
    buffer.append([1])
    buffer.clear(keepingCapacity: true)
    #expect(buffer.isEmpty && buffer.capacity == 64)
    buffer.clear(keepingCapacity: false)
    #expect(buffer.capacity == 0)
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
    #expect(buffer.capacity <= 512)
  }

  @Test(arguments: Seeds.take(50)) func behavesLikeAnArray(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var buffer = ByteBuffer(capacity: Int.random(in: 0...32, using: &generator))
    var model: [UInt8] = []
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      switch Int.random(in: 0..<3, using: &generator) {
      case 0:
        buffer.append(bytes)
        model += bytes
      case 1:
        let count = Int.random(in: 0...model.count, using: &generator)
        buffer.consume(count)
        model.removeFirst(count)
      default:
        _ = unsafe buffer.withWritableBytes(minimum: bytes.count) { target in
          for (index, byte) in bytes.enumerated() { unsafe target[index] = byte }
          return bytes.count
        }
        model += bytes
      }
      #expect(buffer.copy(0..<buffer.count) == model)
      #expect(buffer.withBytes { $0.count } == model.count)
    }
  }
}
