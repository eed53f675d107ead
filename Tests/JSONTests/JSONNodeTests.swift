import JSON
import Testing

@Suite struct JSONNodeTests {
  private func root(_ text: String) throws -> JSONNode { try JSONDocument.parse(Array(text.utf8)).root }

  @Test func membersAreFoundByName() throws {
    let node = try root(#"{"a":{"b":[1,{"c":"x"}]},"a\u0062":2,"long name of a member":3}"#)
    #expect(node["a"]?["b"]?.count == 2)
    #expect(node["ab"]?.int64 == 2)
    #expect(node["long name of a member"]?.int64 == 3)
    #expect(node["long name of a membeR"] == nil)
    #expect(node["b"] == nil)
    #expect(node["c"] == nil)
    #expect(node[""] == nil)
    #expect(node.member(named: "ab")?.int64 == 2)
    #expect(node.member(named: "x") == nil)
    #expect(try root("[1]")["a"] == nil)
    #expect(try root("1").member(named: "a") == nil)
  }

  /// Names are the same only if their bytes are; Swift's strings compare by canonical equivalence.
  @Test func namesComposedInDifferentWaysAreDifferent() throws {
    let node = try root("{\"\u{E9}\":1,\"e\u{301}\":2}")
    #expect(node.member(named: "e\u{301}")?.int64 == 2)
    #expect(node.value.object?["e\u{301}"]?.int64 == 2)
    #expect(node.value.object?.count == 2)
  }

  @Test func membersAndElementsAreVisitedInOrder() throws {
    var seen: [String] = []
    try root(#"{"z":[1,[2,3],4],"a":{},"\u0062":null}"#).forEachMember { key, value in
      seen.append(key.string)
      value.forEachElement { seen.append($0.numberText ?? "\($0.count)") }
    }
    #expect(seen == ["z", "1", "2", "4", "a", "b"])
    #expect(try root("[[],{},1]").elements.map(\.kind) == [.array, .object, .number])
    #expect(try root("[[],{},1]").first?.kind == .array)
    #expect(try root("[]").first == nil && root("{\"a\":1}").first == nil)
  }

  @Test func visitingStopsAtAnError() throws {
    struct Stop: Error {}
    var count = 0
    let node = try root("[1,2,3]")
    #expect(throws: Stop.self) {
      try node.forEachElement { _ in
        count += 1
        if count == 2 { throw Stop() }
      }
    }
    #expect(count == 2)
  }

  @Test func namesCanBeSwitchedOver() throws {
    var seen = 0
    try root(#"{"one":1,"tw\u006f":2,"three":3}"#).forEachMember { key, value in
      switch key {
      case "one": seen += 1
      case "two": seen += 20
      default: seen += key == "three" ? 300 : 0
      }
    }
    #expect(seen == 321)
  }

  @Test func kindsAreTold() throws {
    #expect(
      try root("[null,true,1,\"a\",[],{}]").elements.map(\.kind) == [.null, .bool, .number, .string, .array, .object])
    #expect(try root("null").isNull)
    #expect(try root("true").bool == true)
    #expect(try root("false").bool == false)
    #expect(try root("1").bool == nil)
    #expect(try root("\"1\"").int64 == nil)
  }

  @Test func stringsAreDecodedOnlyWhenAsked() throws {
    let node = try root(#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000€z""#)
    #expect(node.string == "a\"\\/\u{8}\u{C}\n\r\té😀\u{0}€z")
    #expect(node.text?.escaped == Array(#"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000€z"#.utf8))
    #expect(try root(#""working""#).equals("working"))
    #expect(try root(#""w\u006frking""#).equals("working"))
    #expect(!(try root(#""workin""#).equals("working")))
    #expect(!(try root(#""w\u006frkinx""#).equals("working")))
    #expect(!(try root("1").equals("1")))
  }

  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("1.0", 1), ("1e2", 100), ("1.50e1", 15), ("100e-2", 1),
      ("0.001e3", 1),
      ("0e999999999999", 0), ("0.000", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min),
      ("922337203685477580.7e1", .max), ("9007199254740993", 9_007_199_254_740_993),
      ("12345678901234567e1", 123_456_789_012_345_670),
      ("1000000000000000000", 1_000_000_000_000_000_000), ("10203040506070809.00e2", 1_020_304_050_607_080_900),
    ] as [(String, Int64)])
  func wholeNumbersAreExact(text: String, number: Int64) throws {
    #expect(try root(text).int64 == number)
  }

  @Test(arguments: [
    "0.5", "1e-1", "15e-1", "9223372036854775808", "-9223372036854775809", "1e19", "1e999999999999",
    "99999999999999999999",
    "1e-999999999999", "18446744073709551616", "18446744073709551615", "1.0000000000000000000000000001",
  ])
  func othersHaveNoWholeValue(text: String) throws { #expect(try root(text).int64 == nil) }

  @Test func numbersKeepTheirDigits() throws {
    let text = "-12345678901234567890.123456789012345678900E+0010"
    #expect(try root(text).numberText == text)
    #expect(try root("[\(text)]").value == .array([.number(try #require(JSONNumber(text: text)))]))
    #expect(try root("1.5e3").double == 1500)
    #expect(try root("1e999").double == nil)
  }

  @Test func treesKeepOrderAndText() throws {
    let value = try root(#"{"b":1.50,"a":[true,null,"x\n"]}"#).value
    #expect(value.object?.names == ["b", "a"])
    #expect(value["b"]?.number?.text == "1.50")
    #expect(value["a"] == [true, nil, "x\n"])
  }
}

@Suite struct JSONFragmentTests {
  private func fragment(_ text: String) throws -> String {
    String(decoding: try JSONFragment.parse(Array(text.utf8)).bytes, as: UTF8.self)
  }

  @Test func textIsKeptAsItIs() throws {
    let text = #"{ "a" : [ 1.0, "\u0041" ],"b":  null }"#
    #expect(try fragment(text) == text)
    #expect(try fragment("  \"a b\" ") == "\"a b\"")
    #expect(try fragment(" -1.0e0 ") == "-1.0e0")
  }

  /// A line feed in an event stream would end the line.
  @Test func spaceGoesWhenThereAreLineBreaks() throws {
    #expect(
      try fragment("{\r\n\t\"a b\" : [ 1,\n2 ],\r \"c\\\" \\n\": \"x  y\"\n}") == #"{"a b":[1,2],"c\" \n":"x  y"}"#)
    #expect(try fragment("[\n]") == "[]")
    #expect(try fragment("\n\"a b\"\n") == "\"a b\"")
  }

  @Test func partsOfADocumentAreFragmentsToo() throws {
    let root = try JSONDocument.parse(Array("{\"a\":[1 ,{\"b\":\"x\"}],\n\"c\":\"y\\n\",\"d\":12}".utf8)).root
    #expect(root["a"]?.fragment.bytes == Array("[1,{\"b\":\"x\"}]".utf8))
    #expect(root["c"]?.fragment.bytes == Array("\"y\\n\"".utf8))
    #expect(root["d"]?.fragment.bytes == Array("12".utf8))
  }

  @Test func kindIsKnownWithoutScanning() throws {
    for (text, kind) in [
      ("null", .null), ("true", .bool), ("false", .bool), ("-1", .number), ("0", .number), ("\"\"", .string),
      ("[]", .array),
      ("{}", .object),
    ] as [(String, JSONNode.Kind)] {
      #expect(try JSONFragment.parse(Array(text.utf8)).kind == kind)
    }
  }

  @Test func fragmentsComeFromTreesAndGoBack() throws {
    let value: JSONValue = ["a": [1, "b\n", nil, true], "c": [:]]
    let fragment = JSONFragment(value)
    #expect(fragment.bytes == Array(#"{"a":[1,"b\n",null,true],"c":{}}"#.utf8))
    #expect(fragment.value == value)
    #expect(fragment.document.root["a"]?.count == 4)
    #expect(throws: JSONError.self) { try JSONFragment.parse(Array("{} {}".utf8)) }
  }
}

@Suite struct JSONStringTests {
  @Test(arguments: [
    "", "plain", "\"\\\u{0}\u{1F}\u{8}\u{9}\u{A}\u{C}\u{D}", "é€😀\u{2028}", "/",
    String(repeating: "long \n", count: 50),
  ])
  func textSurvivesEscaping(text: String) throws {
    let string = JSONString(text)
    #expect(string.string == text)
    #expect(string.isEmpty == text.isEmpty)
    #expect(JSONString(validatingEscaped: string.escaped) == string)
    #expect(try JSONDocument.parse([0x22] + string.escaped + [0x22]).root.string == text)
  }

  @Test func onlyWhatMustBeIsEscaped() {
    #expect(
      JSONString("\"\\/\u{8}\u{9}\u{A}\u{C}\u{D}\u{0}\u{1F}\u{7F}é").escaped
        == Array("\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u001f\u{7F}é".utf8))
  }

  @Test(arguments: ["\"", "a\"b", "\\", "\\x", "\\u12", "\\ud800", "\n"]) func otherContentIsRefused(content: String) {
    #expect(JSONString(validatingEscaped: Array(content.utf8)) == nil)
  }

  @Test func invalidBytesAreRefused() { #expect(JSONString(validatingEscaped: [0xC3]) == nil) }

  @Test func equalTextIsEqualHoweverItIsEscaped() {
    let plain: JSONString = "A/é"
    let escaped = JSONString(validatingEscaped: Array(#"\u0041\/\u00E9"#.utf8))
    #expect(escaped == plain)
    #expect(Set([plain, escaped]).count == 1)
    #expect(plain != JSONString("A/e"))
  }

  @Test func textCanBeAppended() {
    var text: JSONString = "a"
    text.append("b\n")
    text.append("c")
    #expect(text.string == "ab\nc")
    #expect(text == "ab\nc")
  }
}
