import Bytes
import TestSupport
import Testing

@Suite struct AppendTests {
  @Test(arguments: [(0, "0"), (7, "7"), (-1, "-1"), (1_234_567, "1234567"), (Int.min, "-9223372036854775808")])
  func numbersAreWrittenInDecimalDigits(number: Int, text: String) {
    var bytes: [UInt8] = [UInt8(ascii: "x")]
    bytes.append(decimal: number)
    #expect(String(decoding: bytes, as: UTF8.self) == "x" + text)
  }

  @Test(arguments: [(0, "0"), (15, "f"), (16, "10"), (0xABC, "abc"), (UInt64.max, "ffffffffffffffff")])
  func numbersAreWrittenInHexadecimalDigits(number: UInt64, text: String) {
    var bytes: [UInt8] = []
    bytes.append(addingCapacity: 16) { $0.append(shortHex: number) }
    #expect(String(decoding: bytes, as: UTF8.self) == text)
  }
}

@Suite struct Base64Tests {
  /// RFC 4648 §10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func vectorsOfTheStandard(plain: String, text: String) {
    #expect(Base64.encode(Array(plain.utf8)) == text)
    #expect(Base64.decode(text) == Array(plain.utf8))
    #expect(Base64.decode(String(text.prefix { $0 != "=" })) == Array(plain.utf8))
  }

  @Test func bothAlphabetsAreReadAndEachIsWritten() {
    let bytes: [UInt8] = [0xFB, 0xFF, 0xBF, 0xFE]
    #expect(Base64.encode(bytes) == "+/+//g==")
    #expect(Base64.encodeURL(bytes) == "-_-__g")
    #expect(Base64.decode("+/+//g==") == bytes)
    #expect(Base64.decode("-_-__g") == bytes)
    #expect(Base64.normalize(Array("-_-__g".utf8)) == Array("+/+//g==".utf8))
    #expect(Base64.normalize(Array("+/+//g==".utf8)) == Array("+/+//g==".utf8))
  }

  /// Wrong lengths and padding, foreign characters, bits behind the last byte.
  @Test(arguments: ["Z", "Zg=", "Zg===", "=", "====", "Zm9v=", "Zm 9", "Zm9v\n", "Zm9*", "Zh==", "Zm9=", "Zg==Zg=="])
  func anythingElseIsRefused(text: String) {
    #expect(Base64.decode(text) == nil)
    #expect(Base64.normalize(Array(text.utf8)) == nil)
  }

  @Test(arguments: Seeds.take(50)) func whatIsWrittenIsReadBack(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
      UInt8.random(in: 0...255, using: &generator)
    }
    #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    #expect(Base64.decode(Base64.encodeURL(bytes)) == bytes)
    #expect(Base64.normalize(Array(Base64.encodeURL(bytes).utf8)) == Base64.encodedBytes(bytes))
  }
}

@Suite struct HexTests {
  @Test func digitsOfBothCasesAreRead() {
    #expect(Hex.encode([0x00, 0xAB, 0xFF]) == "00abff")
    #expect(Hex.decode("00abFF") == [0x00, 0xAB, 0xFF])
    #expect(Hex.encode(UInt64(0x1F)) == "000000000000001f")
  }

  @Test(arguments: ["0", "0g", " 0", "0x", "é"]) func anythingElseIsRefused(text: String) {
    #expect(Hex.decode(text) == nil)
  }
}

@Suite struct ULIDTests {
  @Test func textIsCrockfordsBase32OfTimeAndEntropy() {
    // The example of the specification has this time.
    #expect(ULID.text(milliseconds: 1_469_918_176_385, entropy: (0, 0)) == "01ARYZ6S410000000000000000")
    #expect(ULID.text(milliseconds: 0, entropy: (0xFFFF, .max)) == "0000000000ZZZZZZZZZZZZZZZZ")
    #expect(ULID.text(milliseconds: (1 << 48) - 1, entropy: (.max, .max)) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
  }

  @Test func timeIsReadFromOneTextOnly() {
    for time in [0, 1, 1_469_918_176_385, (1 << 48) - 1] as [Int64] {
      #expect(ULID.milliseconds(of: ULID.text(milliseconds: time, entropy: (.max, .max))) == time)
    }
    let none = [
      "", "01ARYZ6S41000000000000000", "01ARYZ6S4100000000000000000", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
      "01aryz6s410000000000000000", "01ARYZ6S41000000000000000U", "01ARYZ6S4100000000000000é",
    ]
    for text in none { #expect(ULID.milliseconds(of: text) == nil) }
  }

  @Test func laterSortsBehindEarlier() {
    let times: [Int64] = [0, 1, 31, 32, 1_000_000, 1_469_918_176_385, 1_469_918_176_386]
    let texts = times.map { ULID.text(milliseconds: $0, entropy: (.max, 0)) }
    #expect(texts == texts.sorted())
  }
}

@Suite struct ShortIDTests {
  @Test func textIsTheLowestSeventyFiveBitsInBase32() {
    #expect(ShortID.text((0, 0)) == "000000000000000")
    #expect(ShortID.text((0, 33)) == "000000000000011")
    #expect(ShortID.text((1, 0)) == "00G000000000000")
    #expect(ShortID.text((.max, .max)) == "ZZZZZZZZZZZZZZZ")
    #expect(ShortID.text((0xFFFF_FFFF_FFFF_F800, 0)) == "000000000000000")
  }

  @Test func numberIsReadFromOneTextOnly() throws {
    for bits in [(0, 0), (1, 0), (0x7FF, .max), (0x2AA, 0x0123_4567_89AB_CDEF)] as [(UInt64, UInt64)] {
      let number = try #require(ShortID.number(ShortID.text(bits)))
      #expect(number == bits)
    }
    for text in ["", "00000000000000", "0000000000000000", "00000000000000I", "zzzzzzzzzzzzzzz", "0000000000000é"] {
      #expect(ShortID.number(text) == nil)
    }
  }
}

@Suite struct ASCIITests {
  @Test func tokensAreThoseOfTheStandard() {
    let token = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    for byte in UInt8.min...UInt8.max { #expect(ASCII.isToken(byte) == token.contains(byte)) }
  }

  @Test func onlyLettersOfASCIIHaveTwoCases() {
    #expect(ASCII.equalsIgnoringCase("Content-TYPE", "content-type"))
    // `@` and a backquote differ from each other by the bit that tells upper from lower case; `K` is the Kelvin sign.
    #expect(!ASCII.equalsIgnoringCase("@", "`"))
    #expect(!ASCII.equalsIgnoringCase("\u{212A}", "k"))
    func matches(_ text: String, _ literal: StaticString) -> Bool {
      ASCII.equalsIgnoringCase(Array(text.utf8).span, literal)
    }
    #expect(matches("CHUNKED", "chunked"))
    #expect(!matches("CHUNKED", "chunkedd"))
  }
}

@Suite struct SpanMatchTests {
  /// Each length takes other words; each byte must count.
  @Test(arguments: 0...40)
  func sameBytesAreTheSameAndOneOtherByteIsNot(count: Int) {
    let bytes = (0..<count).map { UInt8(0x30 + $0) }
    func isSame(_ other: [UInt8]) -> Bool { bytes.span.isSame(as: other.span) }
    #expect(isSame(Array(bytes)))
    #expect(!isSame(bytes + [0]))
    for index in 0..<count {
      var other = bytes
      other[index] ^= 0x80
      #expect(!isSame(other))
    }
  }

  @Test func literalIsFoundAtItsOffsetOnly() {
    func matches(_ literal: StaticString, at offset: Int = 0) -> Bool {
      Array("ab0123456789abcdef".utf8).span.matches(literal, at: offset)
    }
    #expect(matches("0123456789abcdef", at: 2))
    #expect(matches("ab"))
    #expect(matches("", at: 18))
    #expect(!matches("0123456789abcdef", at: 3))
    #expect(!matches("0123456789abcdeX", at: 2))
    #expect(!matches("0X23456789", at: 2))
    #expect(!matches("f", at: 18))
    #expect(!matches("a", at: -1))
  }
}

@Suite struct UTF8ScanTests {
  private func isValid(_ bytes: [UInt8]) -> Bool { UTF8Scan.isValid(bytes.span) }

  @Test(arguments: ["", "plain", "long enough for a word at a time", "é", "€", "𝄞", "\u{7FF}\u{800}\u{FFFF}\u{10FFFF}"])
  func textIsValid(text: String) { #expect(isValid(Array(text.utf8))) }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
      [0xED, 0xA0, 0x80],
      [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xFF], [0xFE],
    ] as [[UInt8]])
  func overlongFormsSurrogatesAndCutCharactersAreNot(bytes: [UInt8]) {
    #expect(!isValid(bytes))
    #expect(!isValid(Array("1234567".utf8) + bytes))
    #expect(!isValid(bytes + Array("12345678".utf8)))
  }

  /// The standard library is the second opinion.
  @Test(arguments: Seeds.take(300)) func agreesWithTheStandardLibrary(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bytes = Array("añ€😀 plain text \u{D7FF}\u{E000}".utf8)
      .mutated(using: &generator, favouring: [0x80, 0xBF, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF])
    #expect(isValid(bytes) == (String(validating: bytes, as: UTF8.self) != nil))
  }
}
