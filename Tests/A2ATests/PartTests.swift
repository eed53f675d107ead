import JSON
import Model
import Testing

@testable import A2A

/// What a part may look like in each dialect, and what it may not.
struct PartTests {
  private func parts(_ dialect: Dialect, _ text: String) throws -> (parts: [Part], faults: [String]) {
    var reader = FieldReader(dialect, author: .caller)
    let parts = reader.parts(try node(#"{"parts":["# + text + "]}"), "parts")
    return (parts, reader.violations.map { "\($0.field): \($0.description)" })
  }

  // MARK: Read

  @Test(arguments: [
    #"{"raw":"aGVsbG8"}"#, #"{"raw":"aGVsbG8="}"#, #"{"raw":"aGVsbG8=","text":null,"url":null}"#,
    #"{"raw":"aGVsbG8=","unknown":{"x":1}}"#,
  ])
  func bytesOf10AreReadWithAndWithoutPadding(text: String) throws {
    let result = try parts(.v1, text)
    #expect(result.parts == [Part(.raw("aGVsbG8="))])
    #expect(result.faults.isEmpty)
  }

  @Test func bytesOf10AreReadInTheURLAlphabet() throws {
    #expect(try parts(.v1, #"{"raw":"-_-_"}"#).parts == [Part(.raw("+/+/"))])
    #expect(try parts(.v1, #"{"raw":"+\/+\/"}"#).parts == [Part(.raw("+/+/"))])
  }

  @Test func nullIsAValidDataPart() throws {
    #expect(try parts(.v1, #"{"data":null}"#).parts == [Part(.data(try fragment("null")))])
    #expect(try parts(.v1, #"{"data":null,"text":"x"}"#).parts == [.text("x")])
  }

  @Test func namesOfTheSchemaAreReadToo() throws {
    #expect(
      try parts(.v1, #"{"url":"u","media_type":"a/b","filename":"f"}"#).parts
        == [Part(.url("u"), mediaType: "a/b", filename: "f")])
  }

  @Test func textKeepsItsEscapes() throws {
    let result = try parts(.v1, #"{"text":"a\u00e9\/\n"}"#)
    #expect(encoded(.v1) { $0.part(result.parts[0], into: &$1) }.text == #"{"text":"a\u00e9\/\n"}"#)
  }

  @Test func numbersInDataKeepTheirDigits() throws {
    let data = #"{"data":{"a":1e400,"b":0.10,"a2":12345678901234567890}}"#
    let result = try parts(.v1, data)
    #expect(encoded(.v1) { $0.part(result.parts[0], into: &$1) }.text == data)
  }

  @Test func aKindOf03MayBeLeftOut() throws {
    let result = try parts(.v03JSONRPC, #"{"text":"x"},{"file":{"uri":"u"}},{"data":{"a":1}}"#)
    #expect(result.parts == [.text("x"), Part(.url("u")), Part(.data(try fragment(#"{"a":1}"#)))])
    #expect(result.faults.isEmpty)
  }

  @Test func markedDataOf03IsUnwrapped() throws {
    let wrapped = #"{"kind":"data","data":{"value":[1]},"metadata":{"data_part_compat":true,"k":1}}"#
    #expect(
      try parts(.v03JSONRPC, wrapped).parts
        == [Part(.data(try fragment("[1]")), metadata: try fragment(#"{"k":1}"#))])
    let onlyMark = #"{"data":{"data":{"value":"x"}},"metadata":{"data_part_compat":true}}"#
    #expect(try parts(.v03REST, onlyMark).parts == [Part(.data(try fragment(#""x""#)))])
    let unmarked = #"{"kind":"data","data":{"value":[1]},"metadata":{"data_part_compat":false}}"#
    #expect(try parts(.v03JSONRPC, unmarked).parts[0].content == .data(try fragment(#"{"value":[1]}"#)))
  }

  /// The reference implementation of 0.3 REST puts base64 text where bytes belong; others put the bytes there.
  @Test func bytesOf03RESTAreReadInOneLayerOrTwo() throws {
    #expect(try parts(.v03REST, #"{"file":{"fileWithBytes":"YUdWc2JHOD0="}}"#).parts == [Part(.raw("aGVsbG8="))])
    #expect(try parts(.v03REST, #"{"file":{"file_with_bytes":"aGVsbG8="}}"#).parts == [Part(.raw("aGVsbG8="))])
    #expect(try parts(.v03REST, #"{"file":{"fileWithBytes":""}}"#).parts == [Part(.raw(""))])
  }

  // MARK: Refused

  @Test(arguments: [
    (Dialect.v1, "{}", "parts[0]: Needs one of text, raw, url and data."),
    (.v1, #"{"text":"a"},{"text":"a","url":"u"}"#, "parts[1]: Must have only one of text, raw, url and data."),
    (.v1, #"{"raw":"a","data":1}"#, "parts[0]: Must have only one of text, raw, url and data."),
    (.v1, #""text""#, "parts[0]: Must be an object."),
    (.v1, #"{"text":1}"#, "parts[0].text: Must be a string."),
    (.v1, #"{"raw":"a*b="}"#, "parts[0].raw: Must be base64."),
    (.v1, #"{"raw":5}"#, "parts[0].raw: Must be base64."),
    (.v1, #"{"url":""}"#, "parts[0].url: Must be a string that is not empty."),
    (.v1, #"{"text":"a","metadata":[]}"#, "parts[0].metadata: Must be an object."),
    (.v1, #"{"text":"a","mediaType":7}"#, "parts[0].mediaType: Must be a string."),
    (
      .v1, #"{"text":"a","mediaType":"a/b","media_type":"c/d"}"#,
      "parts[0].mediaType: Is given twice, as mediaType and media_type."
    ),
    (.v03JSONRPC, #"{"kind":"video"}"#, "parts[0].kind: Must be text, file or data."),
    (.v03JSONRPC, "{}", "parts[0].kind: Is required."),
    (.v03JSONRPC, #"{"kind":"text"}"#, "parts[0].text: Is required."),
    (.v03JSONRPC, #"{"kind":"file"}"#, "parts[0].file: Is required."),
    (
      .v03JSONRPC, #"{"kind":"file","file":{"bytes":"aa==","uri":"u"}}"#,
      "parts[0].file: Needs exactly one of bytes and uri."
    ),
    (.v03JSONRPC, #"{"kind":"file","file":{}}"#, "parts[0].file: Needs exactly one of bytes and uri."),
    (.v03JSONRPC, #"{"kind":"data","data":[1]}"#, "parts[0].data: Is required and must be an object."),
    (.v03REST, #"{"text":"a","data":{}}"#, "parts[0]: Needs exactly one of text, file and data."),
    (.v03REST, #"{"data":{"a":1}}"#, "parts[0].data.data: Is required and must be an object."),
    (.v03REST, #"{"file":{"fileWithUri":""}}"#, "parts[0].file.fileWithUri: Must be a string that is not empty."),
  ])
  func refusesAndNamesTheField(dialect: Dialect, part: String, fault: String) throws {
    #expect(try parts(dialect, part).faults == [fault])
  }

  @Test func refusesTooManyParts() throws {
    let many = Array(repeating: #"{"text":"x"}"#, count: A2ALimits.partsMax)
    #expect(try parts(.v1, many.joined(separator: ",")).faults.isEmpty)
    #expect(
      try parts(.v1, (many + [#"{"text":"x"}"#]).joined(separator: ",")).faults
        == ["parts: Must not have more than 256 elements."])
  }

  // MARK: Losses

  @Test func dataThatLooksMarkedLosesTheMark() throws {
    let part = Part(.data(try fragment(#"{"value":1}"#)), metadata: try fragment(#"{"data_part_compat":true,"k":1}"#))
    let result = encoded(.v03JSONRPC) { $0.part(part, into: &$1) }
    #expect(result.text == #"{"kind":"data","data":{"value":1},"metadata":{"k":1}}"#)
    #expect(result.losses == [.partMetadata])
  }

  @Test func aTextPartKeepsForeignMetadataUnderOurName() throws {
    let part = Part(
      .text("x"), mediaType: "text/csv", metadata: try fragment(#"{"urn:a2a-gateway:translation:v1":1}"#))
    let result = encoded(.v03JSONRPC) { $0.part(part, into: &$1) }
    #expect(result.text == #"{"kind":"text","text":"x","metadata":{"urn:a2a-gateway:translation:v1":1}}"#)
    #expect(result.losses == [.partMediaType])
  }

  @Test func lossesHaveStableNames() {
    #expect(
      TranslationLosses(rawValue: .max).names == [
        "part_media_type", "part_filename", "data_wrapped", "part_metadata", "tenant", "reference_task_ids",
        "history_length_zero", "cancel_metadata",
      ])
  }
}
