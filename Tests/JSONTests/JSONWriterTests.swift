import Bytes
import JSON
import Testing

@Suite struct JSONWriterTests {
  private func text(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    write(&writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  @Test func commasComeByThemselves() throws {
    let written = text { json in
      json.beginObject()
      json.member("a", 1)
      json.member("b", "x,")
      json.key("c")
      json.beginArray()
      json.beginObject()
      json.endObject()
      json.beginArray()
      json.endArray()
      json.null()
      json.bool(true)
      json.string("[")
      json.string("{")
      json.string(":")
      json.int(-5)
      json.endArray()
      json.key(string: "d\n")
      json.value(["e": [nil, false]])
      json.endObject()
    }
    #expect(written == #"{"a":1,"b":"x,","c":[{},[],null,true,"[","{",":",-5],"d\n":{"e":[null,false]}}"#)
  }

  /// Text is looked at in words, the last of which overlaps the one before it.
  @Test func whatMustBeEscapedIsFoundAtEveryPlace() throws {
    for count in 1...40 {
      for place in 0..<count {
        var characters = [Character](repeating: "x", count: count)
        characters[place] = "\""
        let written = text { $0.member("m", String(characters)) }
        let (before, behind) = (characters[..<place], characters[(place + 1)...])
        #expect(written == #""m":"\#(String(before))\"\#(String(behind))""#)
      }
    }
  }

  @Test func aTextIsWrittenIntoMemoryThatIsThere() {
    var memory = ByteWriter(capacity: 1)
    memory.append("data: {")
    var json = JSONWriter(into: memory)
    json.beginArray()
    json.int(1)
    json.endArray()
    #expect(String(decoding: json.memory().finish(), as: UTF8.self) == "data: {[1]")
  }

  @Test func everyKindOfMemberIsWritten() throws {
    let literal: StaticString = "literal"
    let written = text { json in
      json.beginObject()
      json.member("string", "q\"" as String)
      json.member("literal", literal)
      json.member("joined", "a_", "b")
      json.member("escaped", "a_", "b\"")
      json.member("text", JSONString("t\t"))
      json.member("fragment", JSONFragment([1, 2]))
      json.member("int", Int.min)
      json.member("bool", false)
      json.member("value", nil as JSONValue)
      json.key("number")
      json.number(text: "1.50")
      json.key("raw")
      json.raw(Array("[]".utf8).span)
      json.endObject()
    }
    let expected =
      #"{"string":"q\"","literal":"literal","joined":"a_b","escaped":"a_b\"","text":"t\t","#
      + #""fragment":[1,2],"int":-9223372036854775808,"bool":false,"value":null,"number":1.50,"raw":[]}"#
    #expect(written == expected)
    _ = try JSONDocument.parse(Array(written.utf8))
  }

  @Test func bytesBeforeAreNotTakenForValues() {
    var writer = JSONWriter(appendingTo: Array("data: ".utf8))
    writer.beginArray()
    writer.int(1)
    writer.int(2)
    writer.endArray()
    #expect(writer.finish() == Array("data: [1,2]".utf8))
  }

  @Test func textBeyondASCIIIsWrittenAsItIs() {
    #expect(text { $0.string("é€😀\u{2028}") } == "\"é€😀\u{2028}\"")
    #expect(text { $0.string(utf8: Array("a\"é".utf8).span) } == "\"a\\\"é\"")
  }
}

@Suite struct JSONValueTests {
  @Test func membersAreSetInPlaceAppendedAndRemoved() {
    var object: JSONObject = ["a": 1, "b": 2]
    object["a"] = "x"
    object["c"] = nil
    object["d"] = true
    #expect(object == ["a": "x", "b": 2, "d": true])
    #expect(object.removeValue("b") == 2)
    #expect(object.removeValue("b") == nil)
    object["a"] = nil
    #expect(object.names == ["d"])
    #expect(object["a"] == nil)
  }

  @Test func orderAndNamesDecideEquality() {
    #expect(JSONObject([("a", 1), ("b", 2)]) != JSONObject([("b", 2), ("a", 1)]))
    #expect(JSONObject([("a", 1), ("a", 2)]) == ["a": 2])
  }

  @Test func infinitiesAreNoNumbers() {
    #expect(JSONNumber(Double.infinity) == nil)
    #expect(JSONNumber(Double.nan) == nil)
    #expect(JSONNumber(0.5)?.text == "0.5")
    #expect(JSONNumber(text: "1,0") == nil)
    #expect(JSONNumber(text: "1e") == nil)
    #expect(JSONNumber(text: "") == nil)
  }
}
