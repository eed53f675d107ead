import JSON
import Testing

@Suite struct JSONCTests {
  private func parse(_ text: String, _ limits: JSONLimits = .default) throws -> JSONCNode {
    try JSONC.parse(Array(text.utf8), limits: limits)
  }

  /// `line:column-line:column message` of the error.
  private func error(_ text: String, _ limits: JSONLimits = .default) -> String? {
    do {
      _ = try JSONC.parse(Array(text.utf8), limits: limits)
      return nil
    } catch {
      return "\(describe(error.range)) \(error.message)"
    }
  }

  private func describe(_ range: SourceRange) -> String {
    "\(range.start.line):\(range.start.column)-\(range.end.line):\(range.end.column)"
  }

  @Test func commentsAndTrailingCommasAreAllowed() throws {
    let node = try parse(
      """
      // before
      { /* a */ "a" /* : */ : // end
        [ 1, 2, /* 3, */ ],
        "b": "// no comment /* neither */", /**/
      } // after
      /* last **/
      """)
    #expect(node.jsonValue == ["a": [1, 2], "b": "// no comment /* neither */"])
  }

  @Test func byteOrderMarkIsSkipped() throws {
    let node = try parse("\u{FEFF}{}")
    #expect(node.range.start == SourcePosition(line: 1, column: 1, offset: 3))
  }

  @Test func everyValueHasItsPlace() throws {
    let node = try parse("{\n  \"é😀\": [true,\r\n    -1.50e1, \"x\\ny\"],\n\t\"n\": null\n}\n")
    guard case .object(let members) = node.content, case .array(let elements) = members[0].value.content else {
      Issue.record("not the expected shape")
      return
    }
    #expect(describe(node.range) == "1:1-5:2")
    #expect(members.map(\.name) == ["é😀", "n"])
    #expect(describe(members[0].nameRange) == "2:3-2:7")
    #expect(members[0].nameRange.end.offset - members[0].nameRange.start.offset == 8)
    #expect(describe(members[0].value.range) == "2:9-3:21")
    #expect(elements.map { describe($0.range) } == ["2:10-2:14", "3:5-3:12", "3:14-3:20"])
    #expect(describe(members[1].value.range) == "4:7-4:11")
    #expect(node["n"]?.jsonValue == .null)
    #expect(node["x"] == nil)
    if case .number(let text) = elements[1].content { #expect(text == "-1.50e1") } else { Issue.record("not a number") }
  }

  @Test(arguments: [
    ("", "1:1-1:1 the file ends where a value is expected"),
    ("{\"a\": }", "1:7-1:8 a value is expected here"),
    ("{\n  \"a\": yes }", "2:8-2:11 yes is no value; text needs double quotes"),
    ("{\"a\" 1}", "1:6-1:7 a colon is expected behind a member's name"),
    ("{a: 1}", "1:2-1:3 a member's name in double quotes is expected here"),
    ("{\"a\": 1 \"b\": 2}", "1:9-1:10 a comma or } is expected here"),
    ("[1 2]", "1:4-1:5 a comma or ] is expected here"),
    ("{\"a\": [1,\n", "1:7-1:8 this is never closed by ]"),
    ("{\"a\": 1", "1:1-1:2 this is never closed by }"),
    ("{\"a\":1,\n \"a\":2}", "2:2-2:5 the name \"a\" is repeated in this object"),
    ("[1] x", "1:5-1:6 nothing may follow the value"),
    ("[1, /* 2", "1:5-1:7 this comment is never closed"),
    ("[,]", "1:2-1:3 a value is expected here"),
    ("[1,,]", "1:4-1:5 a value is expected here"),
    ("[/1]", "1:2-1:3 a value is expected here"),
    ("[01]", "1:3-1:4 a number has no leading zero"),
    ("[\"a\tb\"]", "1:4-1:5 a control character must be escaped in a string"),
    ("[\"a\\x\"]", "1:4-1:5 not an escape of JSON"),
    ("[\"abc", "1:6-1:6 the text ends within a string"),
  ])
  func errorsSayWhatAndWhere(text: String, expected: String) { #expect(error(text) == expected) }

  @Test func invalidBytesAreRefused() {
    #expect(throws: JSONCError.self) { try JSONC.parse([0x22, 0xFF, 0x22]) }
  }

  @Test func limitsHold() {
    #expect(error("[[[]]]", JSONLimits(depthMax: 3)) == nil)
    #expect(error("[[[[]]]]", JSONLimits(depthMax: 3)) == "1:4-1:5 nested deeper than 3")
    #expect(error("[1,2]", JSONLimits(nodesMax: 2)) == "1:4-1:5 more than 2 values")
    #expect(error("[12]", JSONLimits(bytesMax: 3))?.hasSuffix("longer than 3 bytes") == true)
    #expect(error(String(repeating: "[", count: 100_000)) != nil)
  }
}
