import JSON
import TestSupport
import Testing

/// What the scanner takes and what it refuses (RFC 8259), in tables.
@Suite struct JSONScannerTests {
  private func kind(_ bytes: [UInt8], _ limits: JSONLimits = .default) -> JSONError.Kind? {
    do {
      _ = try JSONDocument.parse(bytes, limits: limits)
      return nil
    } catch {
      return error.kind
    }
  }

  private func error(_ text: String, _ limits: JSONLimits = .default) -> JSONError? {
    do {
      _ = try JSONDocument.parse(Array(text.utf8), limits: limits)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    "null", "true", "false", "0", "-0", "1", "-1", "10", "1.5", "1e1", "1E+1", "1e-1", "0e0", "-0.0e-0",
    "123456789012345678901234567890.123456789e-400", "\"\"", "\"a\"", "[]", "{}", "[ ]", "{ }", " \t\r\n1 \t\r\n",
    "[1,2]", "[[[]]]", "[{},[],\"\",0]", #"{"a":1}"#, #"{"a":{"a":{"a":1}}}"#, #"{"":0}"#, #"{"a":1,"A":2}"#,
    #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\uD834\udd1e""#, "\"\u{7F}\"", "\"\u{2028}\u{FEFF}€😀\"",
    "[1 , 2 ]", "{ \"a\" : 1 , \"b\" : 2 }",
  ])
  func validTextIsTaken(text: String) throws { #expect(error(text) == nil) }

  @Test(arguments: [
    "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "00", "1.", ".1", "1.e1", "1e", "1e+",
    "0x1", "1_0", "1a", "--1", "'a'", "\"", "\"a", "\"\\\"", "\"\\a\"", "\"\\u\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\",
    "\"\t\"", "\"\n\"", "\"\u{0}\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1}", "[1:2]", "{",
    "}", "{1:1}", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}",
    "{\"a\":1]", "{\"a\",1}", "{\"a\"::1}", "1 2", "{}{}", "[]]", "\"a\"b", "// a\n1", "1 // a", "/* */1", "#1",
    "\u{FEFF}1", "\u{B}1", "\u{A0}1", "1\u{0}",
  ])
  func otherTextIsRefused(text: String) { #expect(error(text)?.kind == .syntax) }

  @Test(
    arguments: [
      [0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
    ] as [[UInt8]])
  func stringsMustBeUTF8(bytes: [UInt8]) {
    let quote = [UInt8(ascii: "\"")]
    #expect(kind(quote + bytes + quote) == .invalidUTF8)
    #expect(kind(Array("{\"".utf8) + bytes + Array("\":1}".utf8)) == .invalidUTF8)
    #expect(kind(quote + Array("padded to a word".utf8) + bytes + quote) == .invalidUTF8)
  }

  /// A reader behind us may refuse or replace them: reject, never repair.
  @Test(arguments: [#""\ud834""#, #""\udd1e""#, #""\udd1e\ud834""#, #""\ud834\ud834""#, #""\ud834x""#, #""\ud834\n""#])
  func halfSurrogatePairsAreRefused(text: String) { #expect(error(text)?.kind == .invalidUTF8) }

  @Test func everyPlaceOfAStopByteInAWordIsFound() {
    for before in 0...20 {
      let plain = String(repeating: "x", count: before)
      for after in [0, 1, 7, 8, 9] {
        let rest = String(repeating: "y", count: after)
        #expect(error("\"\(plain)\\n\(rest)\"") == nil)
        #expect(error("\"\(plain)é\(rest)\"") == nil)
        #expect(error("\"\(plain)\u{1F}\(rest)\"")?.offset == before + 1)
        #expect(error("\"\(plain)\"\(rest)") == nil || after > 0)
      }
    }
  }

  /// As above, with as much behind it that all of it is looked at in blocks.
  @Test func everyPlaceOfAStopByteInABlockIsFound() throws {
    let padding = String(repeating: "z", count: 40)
    for before in 0...40 {
      let plain = String(repeating: "x", count: before)
      for (written, said) in [("\\n", "\n"), ("é", "é"), ("\\\"", "\""), ("\u{7F}", "\u{7F}"), ("", "")] {
        let text = "[\"\(plain)\(written)y\",\"\(padding)\"]"
        let value = try JSONValue.parse(Array(text.utf8))
        #expect(value == [.string(plain + said + "y"), .string(padding)])
      }
      #expect(error("[\"\(plain)\u{1F}y\",\"\(padding)\"]")?.offset == before + 2)
      #expect(kind(Array("[\"\(plain)".utf8) + [0xFF] + Array("y\",\"\(padding)\"]".utf8)) == .invalidUTF8)
    }
  }

  // MARK: Limits

  @Test func depthIsBounded() {
    let limits = JSONLimits(depthMax: 3)
    #expect(error("[[[]]]", limits) == nil)
    #expect(error("[{\"a\":[]}]", limits) == nil)
    #expect(error("[[[[]]]]", limits)?.kind == .tooDeep)
    #expect(error("{\"a\":[{\"b\":[]}]}", limits)?.kind == .tooDeep)
    #expect(error(String(repeating: "[", count: 1_000_000))?.kind == .tooDeep)
  }

  /// The scanner does not recurse, so that a limit set too high costs memory and not the stack.
  @Test func depthNeedsNoStack() {
    let text = String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000)
    #expect(error(text, JSONLimits(depthMax: .max)) == nil)
  }

  @Test func sizeIsBounded() {
    #expect(error("[1]", JSONLimits(bytesMax: 3)) == nil)
    #expect(error("[12]", JSONLimits(bytesMax: 3))?.kind == .tooLarge)
  }

  @Test func valuesAreBounded() {
    #expect(error("[1,2]", JSONLimits(nodesMax: 3)) == nil)
    #expect(error("[1,2,3]", JSONLimits(nodesMax: 3))?.kind == .tooLarge)
    #expect(error("{\"a\":1}", JSONLimits(nodesMax: 3)) == nil)
    #expect(error("{\"a\":1,\"b\":2}", JSONLimits(nodesMax: 3))?.kind == .tooLarge)
  }

  // MARK: Names

  @Test(arguments: [
    #"{"a":1,"a":2}"#, #"{"a":1,"b":2,"a":3}"#, #"{"a":1,"\u0061":2}"#, #"{"":1,"":2}"#, #"[{"x":{"a":1,"a":1}}]"#,
    #"{"é":1,"\u00e9":2}"#, #"{"\n":1,"\u000a":2}"#, #"{"a":{"a":[{}]},"b":[],"a":0}"#, #"{"a":{"b":1,"b":2},"b":3}"#,
  ])
  func repeatedNamesAreRefused(text: String) { #expect(error(text)?.kind == .duplicateName) }

  @Test func repeatedNameIsPointedOut() {
    #expect(error(#"{"a":1,"b":2,"a":3}"#)?.offset == 13)
  }

  @Test(arguments: [2, 15, 16, 17, 40, 2000]) func namesOfAnyCountAreChecked(count: Int) {
    let names = (0..<count).map { "\"name\($0)\":\($0)" }
    #expect(error("{" + names.joined(separator: ",") + "}") == nil)
    for repeated in [0, count / 2, count - 1] {
      #expect(error("{" + (names + [names[repeated]]).joined(separator: ",") + "}")?.kind == .duplicateName)
    }
  }

  /// Objects of names that are alike, at every count: what is told apart is what differs.
  @Test func repeatedNamesAreTheOnesRefused() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<400 {
      let count = Int.random(in: 1...48, using: &random)
      let names = (0..<count).map { _ in
        String((0..<Int.random(in: 0...3, using: &random)).map { _ in "abcé".randomElement(using: &random) ?? "a" })
      }
      let text = "{" + names.map { "\"\($0)\":{\"a\":[]}" }.joined(separator: ",") + "}"
      #expect((error(text) == nil) == (Set(names).count == count))
    }
  }

  /// Names of equal length, first and last letter, so that the cheap digest cannot tell them apart: takes no more than a
  /// blink, where comparing all pairs would take minutes.
  @Test(.timeLimit(.minutes(1))) func manySimilarNamesAreCheckedInBoundedTime() {
    let names = (0..<100_000).map { "\"a\(String($0 + 100_000))z\":0" }
    #expect(error("{" + names.joined(separator: ",") + "}") == nil)
  }

  // MARK: Places

  @Test(arguments: [
    ("[1,2,x]", 5), ("{\"a\" 1}", 5), ("[1 2]", 3), ("", 0), ("[", 1), ("\"abc", 4), ("{\"a\":tru}", 5), ("[1.x]", 3),
    ("[\"\\q\"]", 2), ("1 1", 2),
  ])
  func errorsSayWhere(text: String, offset: Int) { #expect(error(text)?.offset == offset) }
}
