import HTTP
import TestSupport
import Testing

/// Changed messages are read or refused, without harm, and the same however the bytes are cut.
@Suite struct HTTPFuzzTests {
  static let favourites = Array("\r\n\t :;,/?#*0159aAfFxX".utf8) + [0x00, 0x7F, 0x80, 0xFF]

  @Test(arguments: Seeds.take(300)) func changedRequests(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let texts = HTTPRequestDecoderTests.valid + HTTPRequestDecoderTests.invalid.map(\.0)
    let first = try #require(texts.randomElement(using: &generator))
    let second = try #require(HTTPRequestDecoderTests.valid.randomElement(using: &generator))
    let bytes = Array((first + second).utf8).mutated(using: &generator, favouring: HTTPFuzzTests.favourites)
    #expect(DecoderVerifier { Requests.decode($0) }.disagreement(on: bytes, seed: seed) == nil)
  }

  @Test(arguments: Seeds.take(200)) func changedResponses(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let texts = HTTPResponseDecoderTests.valid.map(\.0) + HTTPResponseDecoderTests.invalid.map(\.0)
    let text = try #require(texts.randomElement(using: &generator))
    let bytes = Array(text.utf8).mutated(using: &generator, favouring: HTTPFuzzTests.favourites)
    let methods: [HTTPMethod] = generator.oneIn(4) ? [.head, .get] : [.get, .get]
    #expect(DecoderVerifier { Responses.decode($0, to: methods) }.disagreement(on: bytes, seed: seed) == nil)
  }

  /// Whatever is taken is what a second, simpler reading of the rules takes too: one length or one coding, never both, and
  /// no bare line end in the head.
  @Test(arguments: Seeds.take(300)) func takenHeadsKeepTheRules(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let text = try #require(HTTPRequestDecoderTests.valid.randomElement(using: &generator))
    for _ in 0..<10 {
      let bytes = Array(text.utf8).mutated(using: &generator, favouring: HTTPFuzzTests.favourites)
      guard !Requests.decode([bytes]).lines.isEmpty else { continue }
      let head = String(decoding: bytes, as: UTF8.self)
        .trimmingPrefix { $0 == "\r\n" }
        .split(separator: "\r\n\r\n", maxSplits: 1)[0]
      let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
      #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0 != "\r" && $0 != "\n" && $0 != "\0" } })
      let names = lines.dropFirst().map { $0.prefix { $0 != ":" }.lowercased() }
      #expect(!(names.contains("content-length") && names.contains("transfer-encoding")))
      #expect(
        names.filter { $0 == "host" }.count
          == (lines[0].hasSuffix("HTTP/1.0") ? min(1, names.count { $0 == "host" }) : 1))
    }
  }
}
