import JSON
import TestSupport

@testable import Orq

/// Small random values: every optional member is there or not, texts hold escapes, JSON is odd.
struct RandomValues {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  // MARK: Choices

  private mutating func one<T>(of values: [T], or fallback: T) -> T { values.randomElement(using: &random) ?? fallback }

  private mutating func optional<T>(_ make: (inout RandomValues) -> T) -> T? {
    random.oneIn(2) ? make(&self) : nil
  }

  private mutating func list<T>(_ make: (inout RandomValues) -> T) -> [T] {
    var result: [T] = []
    for _ in 0..<Int.random(in: 0...2, using: &random) { result.append(make(&self)) }
    return result
  }

  private mutating func flag() -> Bool { random.oneIn(2) }

  private mutating func count() -> Int { one(of: [0, 1, -1, 404, .max, .min], or: 0) }

  private mutating func id() -> String { one(of: ["01T", "caf\u{e9}", "a b", "x\"y", "\u{1F600}"], or: "id") }

  mutating func text() -> JSONString {
    let raw = [#"\u00e9\/\ud83d\ude00"#, "caf\u{e9}", "", #"a\"b\\"#, #"\n\r\u2028"#, #"\u0000"#, "\u{1F468}\u{200D}"]
    var text: JSONString = one(of: ["hello", "line\nbreak", ""], or: "x")
    if let escaped = JSONString(validatingEscaped: Array(one(of: raw, or: "").utf8)) { text.append(escaped) }
    return text
  }

  private mutating func number() -> JSONNumber {
    JSONNumber(text: one(of: ["0", "-1.50", "1e400", "12345678901234567890", "0.10"], or: "0")) ?? JSONNumber(0)
  }

  private mutating func json() -> JSONFragment {
    let texts = ["true", "0", "-1.50", "1e400", "12345678901234567890", #""s\u0041""#, "[]", "[1,[null,{}]]"]
    return flag() ? object() : RandomValues.fragment(one(of: texts, or: "0"))
  }

  private mutating func object() -> JSONFragment {
    let texts = ["{}", #"{"k":1.0}"#, #"{"\u006b":"v","z":[1]}"#, #"{"b":1,"a":{"c":null}}"#]
    return RandomValues.fragment(one(of: texts, or: "{}"))
  }

  private static func fragment(_ text: String) -> JSONFragment {
    (try? JSONFragment.parse(Array(text.utf8))) ?? JSONFragment(.object([:]))
  }

  // MARK: Messages

  private mutating func file() -> OrqFile {
    let base64: JSONString = one(of: ["aGVsbG8=", "AA==", "/+8="], or: "AA==")
    return OrqFile(
      flag() ? .bytes(base64) : .uri("https://example.org/\u{e9}"), mediaType: optional { $0.text() },
      name: optional { $0.text() })
  }

  /// Of the kinds that a request may have.
  private mutating func userPart() -> OrqPart {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: .text(text())
    case 1: OrqPart(.file(file()), metadata: optional { $0.object() })
    case 2: OrqPart(.error(text(), code: optional { $0.count() }))
    default: resultPart()
    }
  }

  private mutating func resultPart() -> OrqPart {
    OrqPart(.toolResult(toolCallID: id(), result: optional { $0.json() }), metadata: optional { $0.object() })
  }

  private mutating func part() -> OrqPart {
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      OrqPart(
        .toolCall(
          OrqToolCall(id: id(), name: text(), arguments: object(), thoughtSignature: optional { $0.text() })))
    case 1: OrqPart(.data(object()), metadata: optional { $0.object() })
    case 2:
      OrqPart(.reasoning(OrqReasoning(text(), signature: optional { $0.text() }, id: optional { $0.id() })))
    case 3: OrqPart(.other(RandomValues.fragment(#"{"kind":"hologram","x":[1.0]}"#)))
    default: userPart()
    }
  }

  private mutating func message() -> OrqMessage {
    OrqMessage(
      messageID: optional { $0.id() }, role: one(of: OrqMessage.Role.allCases, or: .user), parts: list { $0.part() },
      metadata: optional { $0.object() })
  }

  private mutating func taskMessage() -> OrqMessage {
    var message = message()
    message.taskID = optional { $0.id() }
    message.contextID = optional { $0.id() }
    return message
  }

  private mutating func request() -> OrqMessage {
    flag()
      ? OrqMessage(messageID: optional { $0.id() }, role: .user, parts: list { $0.userPart() })
      : OrqMessage(role: .tool, parts: list { $0.resultPart() })
  }

  // MARK: Answers

  private mutating func usage() -> OrqUsage { OrqUsage(promptTokens: 3, completionTokens: Int(random.next() % 1000)) }

  private mutating func reason() -> OrqFinishReason {
    one(of: [.stop, .length, .functionCall, .maxTime, .other("tired\n")], or: .stop)
  }

  private mutating func pending() -> OrqPendingToolCall {
    OrqPendingToolCall(id: id(), name: optional { $0.text() }, arguments: optional { $0.text() })
  }

  mutating func task() -> OrqTask {
    OrqTask(
      id: id(), contextID: id(), state: one(of: OrqTask.State.allCases, or: .working), timestamp: optional { $0.id() },
      statusMessage: optional { $0.taskMessage() }, messages: optional { $0.list { $0.taskMessage() } },
      history: optional { $0.list { $0.taskMessage() } }, artifacts: optional { _ in JSONFragment(.array([1])) },
      metadata: optional { $0.object() })
  }

  mutating func response() -> OrqResponse {
    OrqResponse(
      id: id(), taskID: id(), output: list { $0.message() }, createdAt: id(), model: id(),
      usage: optional { $0.usage() }, finishReason: optional { $0.reason() }, pendingToolCalls: list { $0.pending() },
      telemetry: optional { OrqTelemetry(traceID: $0.id(), spanID: $0.id()) },
      status: optional { $0.one(of: OrqResponse.Status.allCases, or: .failed) }, error: optional { $0.text() })
  }

  private mutating func tool() -> OrqTool {
    OrqTool(
      id: id(), actionType: id(), key: optional { $0.id() }, displayName: optional { $0.text() },
      description: optional { $0.text() }, requiresApproval: flag())
  }

  mutating func manifest() -> OrqManifest {
    OrqManifest(
      id: id(), key: id(), status: id(), displayName: text(), description: text(), role: text(), instructions: text(),
      path: text(), modelID: id(), projectID: id(), workspaceID: id(), version: id(),
      kind: one(of: OrqManifest.Kind.allCases, or: .internal), systemPrompt: optional { $0.text() },
      settings: OrqSettings(
        iterationsMax: optional { $0.count() }, executionSecondsMax: optional { $0.count() },
        toolApproval: optional { $0.one(of: OrqSettings.ToolApproval.allCases, or: .all) }, tools: list { $0.tool() }),
      memoryStores: list { $0.id() }, knowledgeBases: list { $0.id() },
      teamOfAgents: list { OrqTeamMember(key: $0.id(), role: $0.optional { $0.text() }) }, skills: list { $0.id() },
      external: optional {
        OrqExternalAgent(
          agentURL: $0.id(), cardURL: $0.optional { $0.id() }, headers: $0.optional { $0.object() },
          cachedCard: $0.optional { $0.json() })
      }, created: optional { $0.id() }, updated: optional { $0.id() })
  }

  // MARK: Requests

  private mutating func turn(_ generation: OrqGeneration) -> OrqTurn {
    OrqTurn(
      message: request(), taskID: optional { $0.id() }, variables: optional { $0.object() },
      identity: optional {
        OrqIdentity(
          id: $0.id(), displayName: $0.optional { $0.text() }, email: $0.optional { $0.text() },
          metadata: $0.optional { _ in JSONFragment(.array([[:]])) }, logoURL: $0.optional { $0.text() },
          tags: $0.list { $0.id() })
      }, thread: optional { OrqThread(id: $0.id(), tags: $0.list { $0.id() }) }, memoryEntityID: optional { $0.id() },
      metadata: optional { $0.object() },
      engine: generation == .v3 ? nil : optional { $0.one(of: OrqTurn.Engine.allCases, or: .text) })
  }

  private mutating func model(_ generation: OrqGeneration) -> OrqModel {
    generation == .v3
      ? OrqModel(id()) : OrqModel(id(), parameters: optional { $0.object() }, retry: optional { $0.object() })
  }

  mutating func invoke(_ generation: OrqGeneration) -> OrqInvokeRequest {
    OrqInvokeRequest(
      turn(generation), blocking: generation == .v4 && flag(),
      streamTimeoutSeconds: optional { $0.one(of: [1, 30, 1800.25, 3600], or: 1) })
  }

  mutating func run(_ generation: OrqGeneration) -> OrqRunRequest {
    OrqRunRequest(
      agent: OrqAgentDefinition(
        key: one(of: ["a", "simple-agent-1", "b.c_d"], or: "a"), model: model(generation), role: text(),
        instructions: text(), path: text(),
        settings: RandomValues.fragment(#"{"max_cost":0.10,"tools":[{"type":"current_date"}]}"#),
        description: optional { $0.text() }, systemPrompt: optional { $0.text() },
        fallbackModels: list { $0.model(generation) }, memoryStores: list { $0.id() },
        knowledgeBases: list { $0.id() }, teamOfAgents: list { OrqTeamMember(key: $0.id()) }), turn: turn(generation))
  }

  mutating func responseRequest() -> OrqResponseRequest {
    OrqResponseRequest(
      turn(.v4), blocking: flag(), background: flag(), stream: flag(), conversationID: optional { $0.id() })
  }

  // MARK: Events

  private mutating func context() -> OrqAgentEvent.ToolContext {
    OrqAgentEvent.ToolContext(
      actionID: id(), toolCallID: id(), agentExecutionID: id(), manifestID: id(), workspaceID: id())
  }

  mutating func agentEvent() -> OrqAgentEvent {
    OrqAgentEvent(Int.random(in: 0..<17, using: &random) < 8 ? runPayload() : actionPayload(), timestamp: id())
  }

  private mutating func runPayload() -> OrqAgentEvent.Payload {
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      .executionStarted(
        .init(taskID: id(), workspaceID: id(), manifestID: optional { $0.id() }, agentKey: optional { $0.id() }))
    case 1:
      .started(
        .init(
          inputMessage: message(), modelID: id(), instructions: text(), systemPrompt: text(), manifestID: id(),
          agentKey: id(), settings: optional { $0.object() }, variables: optional { $0.object() },
          isContinuation: optional { $0.flag() }))
    case 2:
      .thought(
        .init(
          agentID: id(),
          messageDifference: flag()
            ? [] : [.init(key: id(), message: message(), agentID: id(), agentExecutionID: id(), workspaceID: id())],
          iteration: count(), accumulatedExecutionTime: number(), choice: optional { $0.object() },
          choiceIndex: optional { $0.count() }, usage: optional { $0.usage() }))
    case 3:
      .inactive(
        .init(
          lastMessage: text(), finishReason: reason(), workflowRunID: id(), lastMessageFull: optional { $0.message() },
          pendingToolCalls: list { $0.pending() }, usage: optional { $0.usage() }, billing: optional { $0.object() },
          responseID: optional { $0.id() }))
    case 4: .errored(.init(error: text(), code: count(), workflowRunID: id()))
    case 5: .timeout(.init(message: text()))
    case 6: .failed(.init(error: text(), code: id()))
    default: .messageCreated(.init(messages: list { $0.message() }, workflowRunID: id(), spanID: id(), parentID: id()))
    }
  }

  private mutating func actionPayload() -> OrqAgentEvent.Payload {
    switch Int.random(in: 0..<9, using: &random) {
    case 0:
      .actionReviewRequested(
        .init(
          agentID: id(), actionID: id(), requiresApproval: flag(), tool: tool(), input: object(), toolCallID: id()))
    case 1:
      .actionReviewed(
        .init(
          agentID: id(), actionID: id(), toolCallID: id(), review: flag() ? .approved : .rejected,
          mockOutput: optional { $0.object() }, reviewedByID: optional { $0.id() }))
    case 2: .executionReviewRequired
    case 3: .executionReviewed
    case 4: .executionNamed(.init(name: text(), manifestID: id()))
    case 5: .handedOff(.init(agentID: id(), input: text()))
    case 6:
      .toolStarted(
        .init(
          toolID: id(), actionType: id(), arguments: object(), context: context(), key: optional { $0.id() },
          displayName: optional { $0.text() }))
    case 7: .toolFinished(.init(actionType: id(), context: context(), result: optional { $0.json() }))
    default:
      .toolFailed(
        .init(error: .init(text(), stack: optional { $0.text() }), actionType: id(), context: context()))
    }
  }

  mutating func responseEvent() -> OrqResponseEvent {
    let payload: OrqResponseEvent.Payload =
      switch Int.random(in: 0..<10, using: &random) {
      case 0: .started(.init(responseID: id(), taskID: id(), model: id(), userMessageID: optional { $0.id() }))
      case 1: .partDelta(.init(partID: id(), delta: part()))
      case 2: .partDone(.init(partID: id(), part: part()))
      case 3: .toolStarted(.init(toolID: id(), toolCallID: id(), arguments: object(), name: optional { $0.text() }))
      case 4: .toolDone(.init(toolID: id(), toolCallID: id(), result: optional { $0.json() }))
      case 5: .toolFailed(.init(toolID: id(), toolCallID: id(), error: text()))
      case 6:
        .toolReviewRequested(
          .init(toolID: id(), toolCallID: id(), name: text(), arguments: object(), requiresApproval: flag()))
      case 7: .toolReviewDone(.init(toolID: id(), toolCallID: id(), review: flag() ? .approved : .rejected))
      case 8:
        .done(
          .init(
            finishReason: reason(), usage: optional { $0.usage() }, pendingToolCalls: list { $0.pending() },
            telemetry: optional { OrqTelemetry(traceID: $0.id(), spanID: $0.id()) }))
      default: .failed(.init(error: text(), code: count()))
      }
    return OrqResponseEvent(payload, timestamp: id())
  }
}
