import Configuration
import JSON
import Model
import Network
import TestSupport
import Testing

@testable import Gateway

/// A task that runs at the agent, and the stream that tells of it.
private func runningTask(_ upstream: A2AUpstream, _ gateway: TestGateway) throws -> (id: String, stream: A2ARequest) {
  let pending = try gateway.caller().begin(.rpc10, .send(immediately: true))
  let request = try upstream.expect("SendStreamingMessage")
  try request.startStream()
  try request.send(.task("working"))
  let id = try pending.reply().task.id
  try eventually("the task is known") {
    try gateway.settle()
    return try gateway.caller().call(.rpc10, .get(id)).task.state == "working"
  }
  return (id, request)
}

@Test(arguments: Wire.allCases)
func aCancelGoesToTheAgent(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let (id, _) = try runningTask(upstream, gateway)
  let pending = try gateway.caller().begin(.rpc03, .cancel(id))
  let cancel = try upstream.expect("CancelTask")
  if wire.isREST {
    #expect(cancel.request.target.hasSuffix("/tasks/UT:cancel"))
  } else {
    #expect(try cancel.params["id"] == "UT")
  }
  try cancel.respond(bare: .task("canceled", "stopped"))
  let task = try pending.reply().task
  #expect(task.state == "canceled")
  #expect(task.json["status"]?["message"]?["parts"]?.array?.first?["text"] == "stopped")
  try gateway.settle()
  #expect(gateway.server.services.turns.runningCount == 0)
}

@Test(arguments: Wire.allCases)
func anAgentMayRefuseToCancel(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let (id, stream) = try runningTask(upstream, gateway)
  let pending = try gateway.caller().begin(.rpc10, .cancel(id))
  try upstream.expect("CancelTask").respond(
    error: -32002, status: wire.isV1 ? 400 : 409, reason: "TASK_NOT_CANCELABLE")
  #expect(try pending.reply().error?.code == -32002)
  #expect(try gateway.caller().call(.rpc10, .get(id)).task.state == "working")
  try stream.send(.status("completed", final: true))
  try eventually("it goes on") {
    try gateway.settle()
    return try gateway.caller().call(.rpc10, .get(id)).task.state == "completed"
  }
}

@Test(arguments: Wire.allCases)
func anAgentThatDoesNotAnswerACancelIsCanceledHere(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let (id, _) = try runningTask(upstream, gateway)
  let pending = try gateway.caller().begin(.rpc10, .cancel(id))
  try upstream.expect("CancelTask").request.respond(502, "secret")
  let reply = try pending.reply()
  #expect(try reply.task.state == "canceled")
  #expect(reply.response.text.contains("may run on"))
  #expect(reply.response.text.contains(#""agent_may_run_on":true"#))
  #expect(!reply.response.text.contains("secret"))
}

@Test(arguments: Wire.allCases)
func aCancelThatTheAgentHasHeardIsToldByItsTurn(_ wire: Wire) throws {
  let upstream = try A2AUpstream(wire)
  let gateway = try upstream.gateway()
  let (id, stream) = try runningTask(upstream, gateway)
  let pending = try gateway.caller().begin(.rpc10, .cancel(id))
  try upstream.expect("CancelTask").respond(bare: .task("working"))
  #expect(try pending.reply().task.state == "working")
  try stream.send(.status("canceled", final: true))
  try eventually("it is canceled") {
    try gateway.settle()
    return try gateway.caller().call(.rpc10, .get(id)).task.state == "canceled"
  }
}

@Test func aQuestionIsCanceledAtTheAgentToo() throws {
  let upstream = try A2AUpstream(.rpc10)
  let gateway = try upstream.gateway()
  let asked = try gateway.caller().begin(.rpc10, .send())
  try upstream.expect("SendStreamingMessage").stream(.task("input-required", "Which?"))
  let id = try asked.reply().task.id
  let pending = try gateway.caller().begin(.rpc10, .cancel(id))
  try upstream.expect("CancelTask").respond(bare: .task("canceled"))
  #expect(try pending.reply().task.state == "canceled")
  #expect(try gateway.caller().call(.rpc10, .cancel(id)).error?.code == -32002)
  #expect(try upstream.isQuiet())
}

@Test func aTurnThatWaitsIsCanceledWithoutTheAgent() throws {
  let upstream = try A2AUpstream(.rpc10)
  let gateway = try upstream.gateway()
  let (_, stream) = try runningTask(upstream, gateway)
  let context = try gateway.caller().call(.rpc10, .list([])).result["tasks"]?.array?.first?["contextId"]?.string
  let waiting = try gateway.caller().call(.rpc10, .send(context: context, immediately: true)).task
  #expect(try gateway.caller().call(.rpc10, .cancel(waiting.id)).task.state == "canceled")
  #expect(try upstream.isQuiet())
  try stream.send(.status("completed"))
}
