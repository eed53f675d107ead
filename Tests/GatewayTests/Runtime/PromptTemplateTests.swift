import JSON
import Model
import Orq
import Testing

@testable import Gateway

struct PromptTemplateTests {
  private func rendered(
    _ text: String, _ engine: OrqTurn.Engine = .text, _ values: String = #"{"a":"A","n":1.50,"o":{"x":[1]},"z":null}"#
  ) throws -> String {
    let root = try JSONDocument.parse(Array(values.utf8)).root
    return try PromptTemplate(text, engine, field: "instructions").rendered([root])
  }

  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("{{a}}", "A"), ("x {{ a }}{{a}} y", "x AA y"), ("{{n}} {{o}}", #"1.50 {"x":[1]}"#),
    ("{{o.x}}", "[1]"), ("{{z}}|", "|"), ("{{ unknown }}", "{{unknown}}"), ("{{", "{{"), ("{{a", "{{a"),
    ("{{ a b }} {{a}}", "{{ a b }} A"), ("{{{a}}}", "{{{a}}}"), ("{% if %}", "{% if %}"), ("{{a.b}}", "{{a.b}}"),
  ])
  func variablesArePutIntoTexts(_ text: String, _ expected: String) throws {
    #expect(try rendered(text) == expected)
  }

  @Test(arguments: [OrqTurn.Engine.jinja, .mustache])
  func unknownVariablesAreNothingInTheOtherEngines(_ engine: OrqTurn.Engine) throws {
    #expect(try rendered("[{{unknown}}]{{a}}", engine) == "[]A")
  }

  @Test(arguments: [
    ("{{ a | upper }}", OrqTurn.Engine.jinja), ("{% for x in y %}", .jinja), ("{# note #}", .jinja), ("{{", .jinja),
    ("{{#a}}x{{/a}}", .mustache), ("{{{a}}}", .mustache), ("{{&a}}", .mustache), ("{{> part}}", .mustache),
    ("{{a.b()}}", .jinja),
  ])
  func whatIsMoreThanAVariableIsRefused(_ text: String, _ engine: OrqTurn.Engine) throws {
    #expect(throws: AgentError.self) { try rendered(text, engine) }
  }

  @Test func valuesAreNotLookedInto() throws {
    #expect(try rendered("{{a}}", .text, #"{"a":"{{b}}","b":"B"}"#) == "{{b}}")
  }

  @Test func aTextDoesNotGrowWithoutBound() throws {
    let values = #"{"a":"\#(String(repeating: "x", count: 200_000))"}"#
    #expect(throws: AgentError.self) { try rendered(String(repeating: "{{a}}", count: 1000), .text, values) }
  }
}

struct RuntimeAgentRecordTests {
  private static func version(_ number: RuntimeVersion, _ text: String = "x") -> RuntimeAgentRecord.Version {
    RuntimeAgentRecord.Version(
      number: number, created: Timestamp(milliseconds: 1_700_000_000_000), author: "alice", note: nil,
      members: ["key": "k", "instructions": .string(text)])
  }

  @Test func aFileHoldsAllOfIt() throws {
    var record = RuntimeAgentRecord(id: "I", key: "k", first: RuntimeAgentRecordTests.version(.first))
    var second = RuntimeAgentRecordTests.version(RuntimeVersion.first.nextMinor, "y")
    second.note = "why"
    record.add(second)
    let read = try RuntimeAgentRecord(record.encoded())
    #expect(read.encoded() == record.encoded())
    #expect(read.current.number.text == "1.1.0")
    #expect(read.current.note == "why")
    #expect(read.earlier.count == 1)
  }

  @Test func soManyVersionsAreKept() throws {
    var record = RuntimeAgentRecord(id: "I", key: "k", first: RuntimeAgentRecordTests.version(.first))
    for _ in 0..<100 { record.add(RuntimeAgentRecordTests.version(record.current.number.nextPatch)) }
    #expect(record.earlier.count + 1 == RuntimeAgentRecord.versionsMax)
    #expect(record.current.number.text == "1.0.100")
    let large = String(repeating: "x", count: 200 * 1024)
    for _ in 0..<50 { record.add(RuntimeAgentRecordTests.version(record.current.number.nextPatch, large)) }
    #expect(record.encoded().count < StateDirectory.fileBytesMax)
    #expect(try RuntimeAgentRecord(record.encoded()).current.number.text == "1.0.150")
  }

  @Test(arguments: ["", "{}", "[]", #"{"format":2}"#, #"{"format":1,"id":"i","key":"k","versions":[]}"#])
  func aFileThatIsNoneIsRefused(_ text: String) {
    #expect(throws: RuntimeAgentRecord.RecordFault.self) { try RuntimeAgentRecord(Array(text.utf8)) }
  }

  @Test(arguments: [("1.2.3", "1.2.4", "1.3.0", "2.0.0")])
  func versionsAreSemantic(_ text: String, _ patch: String, _ minor: String, _ major: String) throws {
    let version = try #require(RuntimeVersion(text))
    #expect(version.nextPatch.text == patch)
    #expect(version.nextMinor.text == minor)
    #expect(version.nextMajor.text == major)
    for text in ["1.2", "1.2.3.4", "a.b.c", "-1.0.0", ""] { #expect(RuntimeVersion(text) == nil) }
  }
}
