import Configuration
import JSON
import Network
import TestSupport
import Testing

@testable import Gateway

// Contexts, continuation, questions, reviews and cancels with an agent of Orq (PRODUCT §4).

private let note = "urn:a2a-gateway:translation:v1"

/// A caller and the workspace behind the gateway.
private struct Conversation {
  let upstream: OrqUpstream
  let gateway: TestGateway

  init(
    _ card: CardFile = OrqUpstream.card(), time: ManualTime? = nil,
    _ configure: (inout GatewayConfiguration) -> Void = { _ in }
  ) throws {
    upstream = try OrqUpstream()
    gateway = try upstream.gateway(card, time: time, configure)
  }

  /// Sends; what the workspace gets is answered by `answer`.
  @discardableResult
  func say(
    _ sending: Sending, _ wire: Wire = .rpc10, _ answer: (UpstreamRequest) throws -> Void = { try $0.respond() }
  ) throws -> (request: UpstreamRequest, task: TaskView) {
    let pending = try gateway.caller().begin(wire, .sending(sending))
    let request = try upstream.next()
    try answer(request)
    return (request, try pending.reply().task)
  }
}

extension UpstreamRequest {
  fileprivate var taskID: String? { get throws { try json["task_id"]?.string } }
  fileprivate var threadID: String? { get throws { try json["thread"]?["id"]?.string } }

  fileprivate func askFor(_ calls: String..., task: String = "01T") throws {
    let list = calls.map {
      #"{"id":"\#($0)","type":"function","function":{"name":"f_\#($0)","arguments":"{\"n\":1.0}"}}"#
    }
    try respond(
      task: task, text: nil,
      #""finish_reason":"function_call","pending_tool_calls":[\#(list.joined(separator: ","))]"#)
  }
}

extension TaskView {
  fileprivate var losses: [String] {
    json["metadata"]?[note]?["losses"]?.array?.compactMap(\.string) ?? []
  }

  /// The data of the question that the task asks.
  fileprivate var question: JSONValue? { json["status"]?["message"]?["parts"]?.array?.first?["data"] }
}

/// An answer to a question by data parts.
private func answer(_ task: TaskView, _ data: JSONValue...) -> Sending {
  Sending(taskID: task.id) { $0["parts"] = .array(data.map { ["data": $0] }) }
}

// MARK: Chains

@Test func theTurnsOfAContextContinueOneTaskOnOneThread() throws {
  let talk = try Conversation()
  let first = try talk.say(Sending(contextID: "mine")) { try $0.respond(task: "01A") }
  #expect(try first.request.taskID == nil)
  let thread = try #require(try first.request.threadID)
  #expect(!thread.contains("mine"))
  let second = try talk.say(Sending(contextID: "mine")) { try $0.respond(task: "01A") }
  #expect(try second.request.taskID == "01A")
  #expect(try second.request.threadID == thread)
  #expect(second.task.id != first.task.id)
  #expect(second.task.losses == [])
  // Where Orq goes on with another task, so does the chain.
  try talk.say(Sending(contextID: "mine")) { try $0.respond(task: "01B") }
  let fourth = try talk.say(Sending(contextID: "mine"))
  #expect(try fourth.request.taskID == "01B")
  #expect(try fourth.request.threadID == thread)
  let other = try talk.say(Sending(contextID: "other"))
  #expect(try other.request.taskID == nil)
  #expect(try other.request.threadID != thread)
}

@Test func aSendThatDoesNotWaitContinuesTheChainToo() throws {
  let talk = try Conversation()
  try talk.say(Sending(contextID: "c"))
  _ = try talk.gateway.caller().call(.rpc10, .send(context: "c", immediately: true)).task
  let request = try talk.upstream.next()
  #expect(try request.taskID == "01T")
  try request.stream()
  // One that waits behind it, as well.
  try talk.gateway.settle()
  let third = try talk.say(Sending(contextID: "c"))
  #expect(try third.request.taskID == "01T")
  #expect(third.task.losses == [])
}

@Test func turnsOfOneContextAreSentOneAfterTheOther() throws {
  let talk = try Conversation()
  let first = try talk.gateway.caller().begin(.rpc10, .send("one", context: "c"))
  let request = try talk.upstream.next()
  let second = try talk.gateway.caller().begin(.rpc10, .send("two", context: "c"))
  try talk.gateway.settle()
  #expect(try talk.upstream.isQuiet())
  try request.respond()
  #expect(try first.reply().task.state == "completed")
  let next = try talk.upstream.next()
  #expect(try next.taskID == "01T")
  try next.respond()
  #expect(try second.reply().task.losses == [])
}

@Test func aContextBelongsToItsCaller() throws {
  let upstream = try OrqUpstream()
  let gateway = try upstream.gateway(needsKey: true)
  var threads: [String?] = []
  for principal in ["alice", "bob"] {
    let pending = try gateway.caller(as: principal).begin(.rpc10, .send(context: "same"))
    let request = try upstream.next()
    #expect(try request.taskID == nil)
    threads.append(try request.threadID)
    try request.respond()
    #expect(try pending.reply().task.contextID == "same")
  }
  #expect(threads[0] != threads[1])
}

@Test func afterAFailureTheNextTurnBeginsAnewOnTheSameThread() throws {
  let talk = try Conversation()
  let first = try talk.say(Sending(contextID: "c"))
  let failed = try talk.say(Sending(contextID: "c")) {
    try $0.respond(text: nil, #""error":"secret""#, status: "failed")
  }
  #expect(failed.task.state == "failed")
  let third = try talk.say(Sending(contextID: "c")) { try $0.respond(task: "01B") }
  #expect(try third.request.taskID == nil)
  #expect(try third.request.threadID == first.request.threadID)
  #expect(third.task.losses == ["context_reset"])
  let fourth = try talk.say(Sending(contextID: "c"))
  #expect(try fourth.request.taskID == "01B")
  #expect(fourth.task.losses == [])
}

// MARK: Cancel

@Test(arguments: Wire.allCases)
func aCancelIsLocalAndSaysSo(_ wire: Wire) throws {
  let talk = try Conversation()
  let thread = try talk.say(Sending(contextID: "c")).request.threadID
  let task = try talk.gateway.caller().call(wire, .send(context: "c", immediately: true)).task
  let request = try talk.upstream.next()
  try request.startStream()
  try request.started()
  try eventually("the task works") { try talk.gateway.caller().call(wire, .get(task.id)).task.state == "working" }
  let canceled = try talk.gateway.caller().call(wire, .cancel(task.id)).task
  #expect(canceled.state == "canceled")
  let said = canceled.json["status"]?["message"]
  #expect("\(said ?? .null)".contains("may run on"))
  #expect(canceled.json["metadata"]?[note]?["agent_may_run_on"] == true)
  // The exchange is dropped.
  #expect(try !request.connection.hasMore())
  let next = try talk.say(Sending(contextID: "c"))
  #expect(try next.request.taskID == nil)
  #expect(try next.request.threadID == thread)
  #expect(next.task.losses == ["context_reset"])
}

@Test(arguments: Wire.allCases)
func aCancelCanBeRefused(_ wire: Wire) throws {
  let talk = try Conversation { $0.orq?.cancel = .refuse }
  let task = try talk.gateway.caller().call(wire, .send(immediately: true)).task
  let request = try talk.upstream.next()
  #expect(try talk.gateway.caller().call(wire, .cancel(task.id)).error?.code == -32002)
  try request.stream()
  try eventually("the task ends") { try talk.gateway.caller().call(wire, .get(task.id)).task.state == "completed" }
  #expect(try talk.gateway.caller().call(wire, .cancel(task.id)).error?.code == -32002)
}

// MARK: Questions

@Test func aPendingFunctionIsAQuestionAndIsAnsweredOnItsTask() throws {
  let talk = try Conversation()
  let asked = try talk.say(Sending(contextID: "c")) { try $0.askFor("c1", "c2") }
  #expect(asked.task.state == "input-required")
  #expect(
    asked.task.question == [
      "tool_calls": [
        ["tool_call_id": "c1", "name": "f_c1", "arguments": ["n": .number(try #require(JSONNumber(text: "1.0")))]],
        ["tool_call_id": "c2", "name": "f_c2", "arguments": ["n": .number(try #require(JSONNumber(text: "1.0")))]],
      ]
    ])
  let results: JSONValue = ["tool_results": [["tool_call_id": "c2", "result": ["b": 1, "a": [2]]]]]
  let answered = try talk.say(answer(asked.task, results, ["tool_call_id": "c1", "result": "ok"]))
  #expect(answered.task.id == asked.task.id)
  #expect(answered.task.state == "completed")
  let json = try answered.request.json
  #expect(json["task_id"] == "01T")
  #expect(json["message"]?["role"] == "tool")
  #expect(
    answered.request.body.contains(
      #""parts":[{"kind":"tool_result","tool_call_id":"c2","result":{"b":1,"a":[2]}},"#
        + #"{"kind":"tool_result","tool_call_id":"c1","result":"ok"}]"#))
  let next = try talk.say(Sending(contextID: "c"))
  #expect(try next.request.taskID == "01T")
}

@Test(arguments: Wire.allCases)
func aWrongAnswerIsRefusedAndTheQuestionStands(_ wire: Wire) throws {
  let talk = try Conversation()
  let asked = try talk.say(Sending(), wire) { try $0.askFor("c1", "c2") }
  func refusal(_ data: JSONValue...) throws -> ErrorView {
    let sending = Sending(taskID: asked.task.id) { message in
      let member = wire == .rest03 ? "content" : "parts"
      message[member] = .array(
        data.map { data in
          switch wire {
          case .rpc10, .rest10: ["data": data]
          case .rpc03: ["kind": "data", "data": data]
          case .rest03: ["data": ["data": data]]
          }
        })
    }
    let error = try #require(try talk.gateway.caller().call(wire, .sending(sending)).error)
    #expect(error.code == -32602)
    let task = try talk.gateway.caller().call(wire, .get(asked.task.id)).task
    #expect(task.state == "input-required")
    return error
  }
  let missing = try refusal(["tool_call_id": "c1", "result": 1])
  #expect(missing.message.contains("c2") && !missing.message.contains("c1"))
  let unknown = try refusal(["tool_call_id": "c9", "result": 1])
  #expect(unknown.message.contains("c9 is not pending"))
  #expect(try refusal(["tool_call_id": "c1"], ["tool_call_id": "c1"]).message.contains("c1 is not pending"))
  #expect(try refusal(["result": 1]).message.contains("tool_call_id"))
  // Text alone answers no function.
  let text = try #require(try talk.gateway.caller().call(wire, .send("4", task: asked.task.id)).error)
  #expect(text.message.contains("c1, c2"))
  #expect(try talk.upstream.isQuiet())
  let results: [JSONValue] = [["tool_call_id": "c1", "result": 1], ["tool_call_id": "c2", "result": 2]]
  let right = try talk.say(
    Sending(taskID: asked.task.id) { message in
      let member = wire == .rest03 ? "content" : "parts"
      message[member] = .array(
        results.map { data in
          switch wire {
          case .rpc10, .rest10: ["data": data]
          case .rpc03: ["kind": "data", "data": data]
          case .rest03: ["data": ["data": data]]
          }
        })
    }, wire)
  #expect(right.task.state == "completed")
}

@Test func whereNothingIsPendingAnyTextGoesOn() throws {
  let talk = try Conversation()
  let asked = try talk.say(Sending()) { try $0.respond(text: "which one?", #""finish_reason":"function_call""#) }
  #expect(asked.task.state == "input-required")
  let answered = try talk.say(Sending(text: "this", taskID: asked.task.id)) { try $0.respond(text: "done") }
  #expect(try answered.request.taskID == "01T")
  #expect(try answered.request.json["message"]?["role"] == "user")
  #expect(answered.task.state == "completed")
}

@Test func aRefusedAnswerCanBeGivenAgain() throws {
  let talk = try Conversation()
  let asked = try talk.say(Sending()) { try $0.askFor("c1") }
  let pending = try talk.gateway.caller().begin(.rpc10, .sending(answer(asked.task, ["tool_call_id": "c1"])))
  try talk.upstream.next().respond(503, "{}")
  #expect(try pending.reply().error?.code == -32603)
  #expect(try talk.gateway.caller().call(.rpc10, .get(asked.task.id)).task.state == "input-required")
  let again = try talk.say(answer(asked.task, ["tool_call_id": "c1"]))
  #expect(again.task.state == "completed")
  #expect(try again.request.taskID == "01T")
}

@Test func aQuestionIsAnsweredOnItsOwnTaskThoughAnotherCameBetween() throws {
  let talk = try Conversation()
  let asked = try talk.say(Sending(contextID: "c")) { try $0.askFor("c1", task: "01A") }
  // Something else in the same context: the waiting task cannot be continued by it.
  let between = try talk.say(Sending(contextID: "c")) { try $0.respond(task: "01B") }
  #expect(try between.request.taskID == nil)
  #expect(between.task.losses == ["context_reset"])
  let answered = try talk.say(answer(asked.task, ["tool_call_id": "c1", "result": 1])) { try $0.respond(task: "01A") }
  #expect(try answered.request.taskID == "01A")
  #expect(try answered.request.json["message"]?["role"] == "tool")
}

// MARK: Reviews

private let review =
  #"{"toolId":"t","toolCallId":"c","toolName":"pay","arguments":{},"requiresApproval":true}"#

@Test func aReviewKeepsAStreamOf10OpenAndTheTurnGoesOn() throws {
  let talk = try Conversation()
  let client = try talk.gateway.web()
  try talk.gateway.caller().send(Call.stream().outgoing(.rpc10), on: client)
  let request = try talk.upstream.next()
  try request.startStream()
  try request.started()
  try request.event("tool.review.requested", review)
  let stream = EventStream(wire: .rpc10, reader: EventReader(client, try client.head()))
  let task = try stream.expect()
  #expect(try stream.expect().state == "working")
  let paused = try stream.expect()
  #expect(paused.state == "auth-required")
  #expect("\(paused.json)".contains("Approve or reject it in Orq"))
  let id = try #require(task.json["id"]?.string)
  let refused = try talk.gateway.caller().call(.rpc10, .send("yes", task: id))
  #expect(refused.error?.code == -32004)
  try request.event("tool.review.done", #"{"toolId":"t","toolCallId":"c","review":"approved"}"#)
  #expect(try stream.expect().state == "working")
  try request.delta("paid")
  try request.done()
  try request.end()
  #expect(try stream.rest().last?.state == "completed")
  #expect(try talk.upstream.isQuiet())
}

@Test func aReviewEndsAStreamOf03() throws {
  let talk = try Conversation()
  let client = try talk.gateway.web()
  try talk.gateway.caller().send(Call.stream().outgoing(.rpc03), on: client)
  let request = try talk.upstream.next()
  try request.startStream()
  try request.started()
  try request.event("tool.review.requested", review)
  let events = try EventStream(wire: .rpc03, reader: EventReader(client, try client.head())).rest()
  #expect(events.last?.state == "auth-required")
  #expect(events.last?.final == true)
  let id = try #require(events.first?.json["id"]?.string)
  try request.done()
  try request.end()
  try eventually("the task ends") { try talk.gateway.caller().call(.rpc03, .get(id)).task.state == "completed" }
}

@Test(arguments: Wire.allCases)
func aReviewAnswersWhoWaitsAndDoesNotCountAsTheAgentsTime(_ wire: Wire) throws {
  let time = ManualTime()
  let talk = try Conversation(OrqUpstream.card(.run), time: time) { $0.limits.turns.taskTime = .seconds(100) }
  let pending = try talk.gateway.caller().begin(wire, .send())
  let request = try talk.upstream.next()
  try request.startStream()
  try request.event("agents.execution_started", #"{"agent_task_id":"01T","workspace_id":"w","trace_id":"t"}"#)
  try request.event("event.agents.execution_review_required", "{}")
  let task = try pending.reply().task
  #expect(task.state == "auth-required")
  #expect(try talk.gateway.caller().call(wire, .send("yes", task: task.id)).error?.code == -32004)
  // Longer than a task may take.
  for _ in 0..<4 { try talk.gateway.advance(by: .seconds(100)) }
  #expect(try talk.gateway.caller().call(wire, .get(task.id)).task.state == "auth-required")
  try request.event("event.agents.inactive", #"{"last_message":"ok","finish_reason":"stop","workflowRunId":"w"}"#)
  try request.end()
  try eventually("the task ends") { try talk.gateway.caller().call(wire, .get(task.id)).task.state == "completed" }
}

// MARK: What the task says of it

@Test func usageAndTheReasonOfTheEndAreInTheTask() throws {
  let talk = try Conversation()
  let usage =
    #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":1}}"#
  let answered = try talk.say(Sending()) { try $0.respond(text: "hi", #""finish_reason":"length","usage":\#(usage)"#) }
  #expect(answered.task.json["metadata"]?["finish_reason"] == "length")
  #expect(try answered.task.json["metadata"]?["usage"] == JSONValue.parse(Array(usage.utf8)))
}

@Test(arguments: ["max_iterations", "max_time", "content_filter"])
func aStopBeforeTheEndCompletesWithOutputAndFailsWithout(_ reason: String) throws {
  let talk = try Conversation()
  let with = try talk.say(Sending()) { try $0.respond(text: "half", #""finish_reason":"\#(reason)""#) }
  #expect(with.task.state == "completed")
  #expect(with.task.json["metadata"]?["finish_reason"] == .string(reason))
  let without = try talk.say(Sending()) { try $0.respond(text: nil, #""finish_reason":"\#(reason)""#) }
  #expect(without.task.state == "failed")
}
