import Bytes
import TestSupport
import Testing

@Suite struct ASCIIWordTests {
  /// Whole words at a time, and byte by byte: both must say the same of any bytes, at any length.
  @Test func tokensAreToldByTheWordAsByTheByte() {
    for seed in Seeds.take(200) {
      var random = SeededGenerator(seed: seed)
      var bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in Self.tokens.randomElement(using: &random)! }
      #expect(Self.endOfToken(bytes) == bytes.count, "seed \(seed)")
      guard !bytes.isEmpty else { continue }
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      let end = bytes.firstIndex { !ASCII.isToken($0) } ?? bytes.count
      #expect(Self.endOfToken(bytes) == end, "seed \(seed)")
    }
  }

  // An expectation cannot hold a span.
  private static func endOfToken(_ bytes: [UInt8]) -> Int { ASCII.endOfToken(bytes.span, from: 0) }

  private static func isSame(_ bytes: [UInt8], _ name: StaticString) -> Bool {
    ASCII.equalsIgnoringCase(bytes.span, name)
  }

  private static let tokens = (0...255).filter(ASCII.isToken)

  @Test func everyByteIsATokenOrNot() {
    for byte in UInt8.min...UInt8.max {
      for place in 0..<9 {
        var bytes = Array("x-abcdefg".utf8)
        bytes[place] = byte
        #expect(Self.endOfToken(bytes) == (ASCII.isToken(byte) ? 9 : place))
      }
    }
  }

  @Test func onlyLettersHaveTwoCases() {
    let name: StaticString = "content-type[@`{"
    let plain = Array("content-type[@`{".utf8)
    for place in plain.indices {
      for byte in UInt8.min...UInt8.max {
        var bytes = plain
        bytes[place] = byte
        #expect(Self.isSame(bytes, name) == (ASCII.lowercased(byte) == plain[place]))
      }
    }
    #expect(Self.isSame(Array("HoST".utf8), "host"))
    #expect(!Self.isSame(Array("hos".utf8), "host"))
    #expect(!Self.isSame(Array("hosts".utf8), "host"))
  }

  @Test func roomThatWasMadeIsFilled() {
    var bytes = Array("> ".utf8)
    bytes.append(addingCapacity: 64) { output in
      output.append("a literal, ")
      output.append(utf8: "é")
      output.append(decimal: -42)
      output.append(hex: 0x0123_4567_89AB_CDEF)
      output.append([UInt8]().span)
    }
    let text = bytes.span.text
    #expect(text == "> a literal, é-420123456789abcdef")
  }
}
