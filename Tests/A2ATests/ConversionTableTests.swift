import JSON
import Model
import Testing

@testable import A2A

/// The table of conversions between the versions, row by row and both ways: a text of one dialect is read, and written in
/// another one.
struct ConversionTableTests {
  /// One row: the same in three dialects. A dialect that does not carry it back to 1.0 has another text to be read from.
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let v1: String
    let v03JSONRPC: String
    let v03REST: String
    var losesToJSONRPC: TranslationLosses = []
    var losesToREST: TranslationLosses = []
    /// What 1.0 has after the way through 0.3, where that is not what it had.
    var fromJSONRPC: String?
    var fromREST: String?

    var testDescription: String { name }

    func text(_ dialect: Dialect) -> String {
      switch dialect {
      case .v1: v1
      case .v03JSONRPC: v03JSONRPC
      case .v03REST: v03REST
      }
    }
  }

  // MARK: Messages

  /// A message with one part, or with more members.
  private static func message(_ name: String, _ v1: String, _ rpc: String, _ rest: String) -> Row {
    Row(
      name: name, v1: #"{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[\#(v1)]}}"#,
      v03JSONRPC: #"{"kind":"message","messageId":"m","role":"agent","parts":[\#(rpc)]}"#,
      v03REST: #"{"message":{"messageId":"m","role":"ROLE_AGENT","content":[\#(rest)]}}"#)
  }

  private static func status(_ name: String, _ v1: String, _ rpc: String, _ rest: String) -> Row {
    Row(
      name: name, v1: #"{"statusUpdate":{"taskId":"T","contextId":"C","status":{\#(v1)}}}"#,
      v03JSONRPC: #"{"kind":"status-update","taskId":"T","contextId":"C","status":{\#(rpc)},"final":false}"#,
      v03REST: #"{"statusUpdate":{"taskId":"T","contextId":"C","status":{\#(rest)}}}"#)
  }

  private static let states: [Row] = [
    ("TASK_STATE_UNSPECIFIED", "unknown"), ("TASK_STATE_SUBMITTED", "submitted"), ("TASK_STATE_WORKING", "working"),
    ("TASK_STATE_INPUT_REQUIRED", "input-required"), ("TASK_STATE_AUTH_REQUIRED", "auth-required"),
    ("TASK_STATE_COMPLETED", "completed"), ("TASK_STATE_FAILED", "failed"), ("TASK_STATE_REJECTED", "rejected"),
    ("TASK_STATE_CANCELED", "canceled"),
  ].map { v1, rpc in
    let rest = v1 == "TASK_STATE_CANCELED" ? "TASK_STATE_CANCELLED" : v1
    return status("state \(rpc)", #""state":"\#(v1)""#, #""state":"\#(rpc)""#, #""state":"\#(rest)""#)
  }

  private static let kept: [Row] = [
    message("text", #"{"text":"a"}"#, #"{"kind":"text","text":"a"}"#, #"{"text":"a"}"#),
    message(
      "bytes", #"{"raw":"aGVsbG8=","filename":"a.txt","mediaType":"text/plain"}"#,
      #"{"kind":"file","file":{"bytes":"aGVsbG8=","mimeType":"text/plain","name":"a.txt"}}"#,
      #"{"file":{"fileWithBytes":"YUdWc2JHOD0=","mimeType":"text/plain","name":"a.txt"}}"#),
    message(
      "url", #"{"url":"https://e.org/a","filename":"a","mediaType":"image/png"}"#,
      #"{"kind":"file","file":{"uri":"https://e.org/a","mimeType":"image/png","name":"a"}}"#,
      #"{"file":{"fileWithUri":"https://e.org/a","mimeType":"image/png","name":"a"}}"#),
    message(
      "data object", #"{"data":{"n":1.0,"b":12345678901234567890}}"#,
      #"{"kind":"data","data":{"n":1.0,"b":12345678901234567890}}"#,
      #"{"data":{"data":{"n":1.0,"b":12345678901234567890}}}"#),
    message(
      "metadata of a part", #"{"text":"a","metadata":{"k":[1]}}"#, #"{"kind":"text","text":"a","metadata":{"k":[1]}}"#,
      #"{"text":"a","metadata":{"k":[1]}}"#),
    status(
      "time", #""state":"TASK_STATE_WORKING","timestamp":"2026-01-02T03:04:05.678Z""#,
      #""state":"working","timestamp":"2026-01-02T03:04:05.678Z""#,
      #""state":"TASK_STATE_WORKING","timestamp":"2026-01-02T03:04:05.678Z""#),
    Row(
      name: "task",
      v1: #"{"task":{"id":"T","contextId":"C","status":{"state":"TASK_STATE_WORKING"},"metadata":{"a":1}}}"#,
      v03JSONRPC: #"{"kind":"task","id":"T","contextId":"C","status":{"state":"working"},"metadata":{"a":1}}"#,
      v03REST: #"{"task":{"id":"T","contextId":"C","status":{"state":"TASK_STATE_WORKING"},"metadata":{"a":1}}}"#),
    Row(
      name: "artifact",
      v1:
        #"{"artifactUpdate":{"taskId":"T","contextId":"C","artifact":{"artifactId":"a","name":"n","description":"d","parts":[{"text":"x"}],"metadata":{"k":1},"extensions":["urn:e"]},"append":true,"lastChunk":true,"metadata":{"m":1}}}"#,
      v03JSONRPC:
        #"{"kind":"artifact-update","taskId":"T","contextId":"C","artifact":{"artifactId":"a","name":"n","description":"d","parts":[{"kind":"text","text":"x"}],"metadata":{"k":1},"extensions":["urn:e"]},"append":true,"lastChunk":true,"metadata":{"m":1}}"#,
      v03REST:
        #"{"artifactUpdate":{"taskId":"T","contextId":"C","artifact":{"artifactId":"a","name":"n","description":"d","parts":[{"text":"x"}],"metadata":{"k":1},"extensions":["urn:e"]},"append":true,"lastChunk":true,"metadata":{"m":1}}}"#
    ),
    Row(
      name: "metadata and extensions of a message",
      v1:
        #"{"message":{"messageId":"m","contextId":"C","taskId":"T","role":"ROLE_USER","parts":[{"text":"x"}],"metadata":{"k":1},"extensions":["urn:e"]}}"#,
      v03JSONRPC:
        #"{"kind":"message","messageId":"m","contextId":"C","taskId":"T","role":"user","parts":[{"kind":"text","text":"x"}],"metadata":{"k":1},"extensions":["urn:e"]}"#,
      v03REST:
        #"{"message":{"messageId":"m","contextId":"C","taskId":"T","role":"ROLE_USER","content":[{"text":"x"}],"metadata":{"k":1},"extensions":["urn:e"]}}"#
    ),
  ]

  private static func with(_ row: Row, _ change: (inout Row) -> Void) -> Row {
    var row = row
    change(&row)
    return row
  }

  private static let lost: [Row] = [
    with(
      message(
        "text with names", ##"{"text":"# a","filename":"a.md","mediaType":"text/markdown"}"##,
        ##"{"kind":"text","text":"# a","metadata":{"urn:a2a-gateway:translation:v1":{"mediaType":"text/markdown","filename":"a.md"}}}"##,
        ##"{"text":"# a"}"##)
    ) {
      $0.losesToREST = [.partMediaType, .partFilename]
      $0.fromREST = message("", ##"{"text":"# a"}"##, "", "").v1
    },
    with(
      message(
        "data that is no object", #"{"data":[1,null]}"#,
        #"{"kind":"data","data":{"value":[1,null]},"metadata":{"data_part_compat":true}}"#,
        #"{"data":{"data":{"value":[1,null]}},"metadata":{"data_part_compat":true}}"#)
    ) {
      $0.losesToJSONRPC = .dataWrapped
      $0.losesToREST = .dataWrapped
    },
    with(
      message(
        "media type of data", #"{"data":{"a":1},"mediaType":"application/x"}"#, #"{"kind":"data","data":{"a":1}}"#,
        #"{"data":{"data":{"a":1}}}"#)
    ) {
      $0.losesToJSONRPC = .partMediaType
      $0.losesToREST = .partMediaType
      $0.fromJSONRPC = message("", #"{"data":{"a":1}}"#, "", "").v1
      $0.fromREST = $0.fromJSONRPC
    },
    with(
      message(
        "data with a mark of its own", #"{"data":{"a":1},"metadata":{"data_part_compat":true,"k":1}}"#,
        #"{"kind":"data","data":{"a":1},"metadata":{"k":1}}"#, #"{"data":{"data":{"a":1}},"metadata":{"k":1}}"#)
    ) {
      $0.losesToJSONRPC = .partMetadata
      $0.losesToREST = .partMetadata
      $0.fromJSONRPC = message("", #"{"data":{"a":1},"metadata":{"k":1}}"#, "", "").v1
      $0.fromREST = $0.fromJSONRPC
    },
    Row(
      name: "references",
      v1:
        #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}],"referenceTaskIds":["T0"]}}"#,
      v03JSONRPC:
        #"{"kind":"message","messageId":"m","role":"user","parts":[{"kind":"text","text":"x"}],"referenceTaskIds":["T0"]}"#,
      v03REST: #"{"message":{"messageId":"m","role":"ROLE_USER","content":[{"text":"x"}]}}"#,
      losesToREST: .referenceTaskIDs,
      fromREST: #"{"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}]}}"#),
  ]

  // MARK: Both ways

  private static func convert(_ text: String, _ from: Dialect, _ to: Dialect) throws -> (
    text: String, losses: TranslationLosses
  ) {
    let envelope = from == .v03REST ? text : #"{"jsonrpc":"2.0","id":1,"result":\#(text)}"#
    let item = try ResultDecoder.streamItem(
      Array(envelope.utf8), version: from.version, binding: from == .v03REST ? .rest : .jsonRPC)
    return encoded(to) { $0.streamEvent(item.event, final: false, into: &$1) }
  }

  /// An answer without metadata of its own, and the names of what it has lost.
  private static func noting(_ losses: TranslationLosses, _ answer: String) -> String {
    if losses.isEmpty { return answer }
    let names = losses.names.map { "\"\($0)\"" }.joined(separator: ",")
    return answer.dropLast() + #","metadata":{"urn:a2a-gateway:translation:v1":{"losses":[\#(names)]}}}"#
  }

  @Test(arguments: states + kept, Dialect.allCases)
  func whatBothVersionsHaveIsTheSameInAll(_ row: Row, _ from: Dialect) throws {
    for to in Dialect.allCases {
      let result = try ConversionTableTests.convert(row.text(from), from, to)
      #expect(result.text == row.text(to))
      #expect(result.losses == [])
    }
  }

  @Test(arguments: lost)
  func whatOneVersionLacksIsSaidToBeLost(_ row: Row) throws {
    let rpc = try ConversionTableTests.convert(row.v1, .v1, .v03JSONRPC)
    #expect(rpc.text == ConversionTableTests.noting(row.losesToJSONRPC, row.v03JSONRPC))
    #expect(rpc.losses == row.losesToJSONRPC)
    let rest = try ConversionTableTests.convert(row.v1, .v1, .v03REST)
    #expect(rest.text == row.v03REST)
    #expect(rest.losses == row.losesToREST)
    #expect(try ConversionTableTests.convert(row.v03JSONRPC, .v03JSONRPC, .v1).text == row.fromJSONRPC ?? row.v1)
    #expect(try ConversionTableTests.convert(row.v03REST, .v03REST, .v1).text == row.fromREST ?? row.v1)
  }

  // MARK: What is read leniently

  @Test(arguments: [
    ("2026-01-02T03:04:05", "2026-01-02T03:04:05.000Z"),
    ("2026-01-02T03:04:05.123456+00:00", "2026-01-02T03:04:05.123Z"),
    ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000Z"),
  ])
  func timesOf03GetAZone(_ stated: String, _ written: String) throws {
    let text =
      #"{"kind":"status-update","taskId":"T","contextId":"C","status":{"state":"working","timestamp":"\#(stated)"},"final":false}"#
    #expect(try ConversionTableTests.convert(text, .v03JSONRPC, .v1).text.contains(written))
  }

  @Test func aTaskOf10WithoutAContextGetsAnEmptyOneIn03() throws {
    let text = #"{"task":{"id":"T","status":{"state":"TASK_STATE_WORKING"}}}"#
    #expect(
      try ConversionTableTests.convert(text, .v1, .v03JSONRPC).text
        == #"{"kind":"task","id":"T","contextId":"","status":{"state":"working"}}"#)
  }

  // MARK: Calls

  private static func params(_ call: AgentCall, _ version: ProtocolVersion, tenant: String? = nil) throws -> (
    text: String, losses: TranslationLosses
  ) {
    var losses: TranslationLosses = []
    let body = CallEncoder.jsonRPC(call, id: JSONFragment(1), version: version, tenant: tenant, losses: &losses) ?? []
    let params = try JSONDocument.parse(body).root["params"]?.fragment.bytes ?? []
    return (text(params), losses)
  }

  /// The same parameters in 1.0 and in 0.3 JSON-RPC.
  static let calls: [(method: (v1: String, v03: String), v1: String, v03: String)] = [
    (("CancelTask", "tasks/cancel"), #"{"id":"T","metadata":{"a":1}}"#, #"{"id":"T","metadata":{"a":1}}"#),
    (("GetTask", "tasks/get"), #"{"id":"T","historyLength":2}"#, #"{"id":"T","historyLength":2}"#),
    (("SubscribeToTask", "tasks/resubscribe"), #"{"id":"T"}"#, #"{"id":"T"}"#),
    (
      ("CreateTaskPushNotificationConfig", "tasks/pushNotificationConfig/set"),
      #"{"taskId":"T","id":"P","url":"https://e.org","token":"t","authentication":{"scheme":"Basic","credentials":"c"}}"#,
      #"{"taskId":"T","pushNotificationConfig":{"id":"P","url":"https://e.org","token":"t","authentication":{"schemes":["Basic"],"credentials":"c"}}}"#
    ),
  ]

  @Test(arguments: calls.indices)
  func callsAreTheSameInBothVersions(_ index: Int) throws {
    let row = ConversionTableTests.calls[index]
    let v1 = try CallDecoder.decode(method: row.method.v1, params: try node(row.v1), version: .v1_0)
    let v03 = try CallDecoder.decode(method: row.method.v03, params: try node(row.v03), version: .v0_3)
    #expect(v1 == v03)
    #expect(try JSONValue.parse(Array(ConversionTableTests.params(v03, .v1_0).text.utf8)) == node(row.v1).value)
    #expect(try JSONValue.parse(Array(ConversionTableTests.params(v1, .v0_3).text.utf8)) == node(row.v03).value)
  }

  /// Waiting has opposite signs; its absence is made plain. No history in 1.0 is all of it in 0.3.
  @Test(arguments: [
    ("", #""returnImmediately":false"#, #""blocking":true"#, false),
    (#","configuration":{"returnImmediately":true}"#, #""returnImmediately":true"#, #""blocking":false"#, false),
    (
      #","configuration":{"historyLength":0}"#, #""historyLength":0,"returnImmediately":false"#, #""blocking":true"#,
      true
    ),
    (
      #","configuration":{"historyLength":4}"#, #""historyLength":4,"returnImmediately":false"#,
      #""historyLength":4,"blocking":true"#, false
    ),
  ])
  func howASendIsAnswered(_ stated: String, _ v1: String, _ v03: String, _ loses: Bool) throws {
    let message = #""message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}]}"#
    let call = try CallDecoder.decode(
      method: "SendMessage", params: try node("{\(message)\(stated)}"), version: .v1_0)
    let toV1 = try ConversionTableTests.params(call, .v1_0)
    #expect(toV1.text.hasSuffix(#""configuration":{\#(v1)}}"#))
    let toV03 = try ConversionTableTests.params(call, .v0_3)
    #expect(toV03.text.hasSuffix(#""configuration":{\#(v03)}}"#))
    #expect(toV03.losses == (loses ? .historyLengthZero : []))
  }

  @Test func aTenantHasNoPlaceIn03() throws {
    #expect(
      try ConversionTableTests.params(.subscribeToTask(id: "T"), .v1_0, tenant: "t").text.contains(#""tenant":"t""#))
    let v03 = try ConversionTableTests.params(.subscribeToTask(id: "T"), .v0_3, tenant: "t")
    #expect(v03.text == #"{"id":"T"}"#)
    #expect(v03.losses == .tenant)
  }
}
