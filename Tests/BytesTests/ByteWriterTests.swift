import Bytes
import Testing

@Suite struct ByteWriterTests {
  @Test(arguments: [0, 1, 16, 17, 1000])
  func whatIsAppendedStandsInOrder(capacity: Int) {
    var writer = ByteWriter(capacity: capacity)
    var expected: [UInt8] = []
    #expect(writer.last == nil)
    for round in 0..<200 {
      let piece = [UInt8](repeating: UInt8(round), count: round % 7)
      writer.append(piece.span)
      writer.append("|-")
      writer.append(UInt8(round))
      expected += piece + Array("|-".utf8) + [UInt8(round)]
      #expect(writer.last == UInt8(round))
      #expect(writer.count == expected.count)
    }
    #expect(writer.finish() == expected)
  }

  @Test func oneLongPieceFits() {
    var writer = ByteWriter(capacity: 1)
    let piece = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    writer.append(piece.span)
    #expect(writer.finish() == piece)
  }

  @Test func memoryIsUsedAgain() {
    var writer = ByteWriter(capacity: 16)
    for count in [10, 100, 3] {
      let piece = [UInt8](repeating: UInt8(count), count: count)
      writer.append(piece.span)
      #expect(writer.withSpan { $0.copied } == piece)
      writer.clear(keepingAtMost: 64)
      #expect(writer.count == 0)
      #expect(writer.last == nil)
    }
  }

  @Test func nothingIsAnEmptyArray() {
    let writer = ByteWriter(capacity: 100)
    #expect(writer.finish() == [])
  }

  @Test func roomIsLeftForMore() {
    var writer = ByteWriter(capacity: 4)
    writer.append("abc")
    let bytes = writer.finish(room: 100)
    #expect(bytes == Array("abc".utf8))
    #expect(bytes.capacity >= 103)
  }

  @Test(arguments: [0, 7, -1, 10, -10, 1_234_567_890, Int.max, Int.min])
  func numbersAreDecimal(number: Int) {
    var writer = ByteWriter(capacity: 1)
    writer.append(decimal: number)
    #expect(String(decoding: writer.finish(), as: UTF8.self) == String(number))
    var array: [UInt8] = []
    array.append(decimal: number)
    #expect(String(decoding: array, as: UTF8.self) == String(number))
  }

  @Test func aByteHasTwoHexadecimalDigits() {
    var writer = ByteWriter(capacity: 1)
    for byte: UInt8 in [0, 0x0F, 0xF0, 0xA5] { writer.append(hex: byte) }
    #expect(String(decoding: writer.finish(), as: UTF8.self) == "000ff0a5")
  }
}
