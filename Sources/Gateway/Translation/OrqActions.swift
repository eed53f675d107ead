internal import A2A
internal import JSON
internal import Model
internal import Orq

/// What an agent did with tools, and what it wants done, read from the journals of a conversation's turns: calls of the
/// caller's functions, tools that the agent tells of, approvals that are waited for.
struct OrqActions {
  private let agentKey: String
  /// Orq's task.
  private let conversationID: String
  /// Oldest first.
  private(set) var actions: [OrqAction] = []

  /// Told of one conversation: the newest.
  static let countMax = 1000

  init(agentKey: String, conversationID: String) {
    self.agentKey = agentKey
    self.conversationID = conversationID
  }

  /// Takes the journal of the next turn.
  mutating func add(_ journal: [SequencedEvent], of task: AgentTask) {
    var time = task.created ?? task.status.timestamp ?? Timestamp(milliseconds: 0)
    let first = actions.count
    for entry in journal {
      switch entry.event {
      case .status(let status, let metadata):
        time = status.timestamp ?? time
        let place = "\(task.id).\(entry.sequence)"
        calls(in: status, place, time)
        if let metadata { activity(metadata, place, time, from: first) }
        review(status, place, time, from: first)
      case .history(let message): results(in: message, time, from: first)
      case .artifact, .text, .metadata, .backendState: break
      }
    }
    if actions.count > OrqActions.countMax { actions.removeFirst(actions.count - OrqActions.countMax) }
  }

  private mutating func add(
    _ id: String, callID: String, tool: OrqAction.Tool, type: String, _ time: Timestamp, isStarted: Bool,
    input: JSONFragment = JSONFragment(.object([:]))
  ) {
    actions.append(
      OrqAction(
        id: id, toolCallID: callID, tool: tool, actionType: type, created: time.text, updated: time.text,
        started: isStarted ? time.text : nil, agentID: agentKey, taskID: conversationID,
        workspaceID: OrqNames.workspaceID, state: OrqAction.State(input: input)))
  }

  private mutating func finish(_ index: Int, _ time: Timestamp, output: JSONFragment?, error: JSONString? = nil) {
    actions[index].updated = time.text
    actions[index].finished = time.text
    actions[index].state.executed = error == nil
    actions[index].state.error = error
    if let output { actions[index].state.output = OrqActions.object(output) }
  }

  /// Orq has objects where tools may take and give anything.
  private static func object(_ value: JSONFragment) -> JSONFragment {
    value.kind == .object ? value : .object("value", value.bytes)
  }

  // MARK: Functions of the caller

  private mutating func calls(in status: TaskStatus, _ place: String, _ time: Timestamp) {
    guard status.state == .inputRequired else { return }
    let calls = (status.message?.parts ?? []).flatMap { OrqToolCalls.callParts(in: $0) ?? [] }
    for (index, part) in calls.enumerated() {
      guard case .toolCall(let call) = part.content else { continue }
      add(
        "\(place).\(index)", callID: call.id, tool: OrqAction.Tool(id: call.name.string, displayName: call.name),
        type: "function", time, isStarted: true, input: call.arguments)
    }
  }

  private mutating func results(in message: Message, _ time: Timestamp, from first: Int) {
    guard message.role == .user else { return }
    for part in message.parts.flatMap({ OrqToolCalls.results(in: $0) ?? [] }) {
      guard case .toolResult(let id, let result) = part.content,
        let index = actions[first...].lastIndex(where: {
          $0.toolCallID == id && $0.actionType == "function" && $0.finished == nil
        })
      else { continue }
      finish(index, time, output: result)
    }
  }

  // MARK: Tools of the agent

  /// A backend of the gateway's own names an activity; a program or a service says what it likes of a tool.
  private mutating func activity(_ metadata: JSONFragment, _ place: String, _ time: Timestamp, from first: Int) {
    let root = metadata.document.root
    if let activity = root[GatewayExtension.uri], activity["activity"]?.equals("tool") == true {
      let phase = activity["phase"]?.string ?? "done"
      tool(activity["name"]?.string ?? "tool", phase, nil, place, time, from: first)
    } else if let tool = root["tool"], tool.kind == .object {
      let name = tool["name"]?.string ?? tool["id"]?.string ?? "tool"
      let phase = tool["phase"]?.string ?? tool["status"]?.string ?? "done"
      self.tool(name, phase, tool, place, time, from: first)
    }
  }

  private mutating func tool(
    _ name: String, _ phase: String, _ told: JSONNode?, _ place: String, _ time: Timestamp, from first: Int
  ) {
    func member(_ names: [StaticString]) -> JSONFragment? { names.lazy.compactMap { told?[$0]?.fragment }.first }
    let open = actions[first...].lastIndex {
      $0.tool.id == name && $0.actionType == "tool" && $0.finished == nil
    }
    if open == nil || phase == "started" {
      let input = member(["input", "arguments"]).map(OrqActions.object) ?? JSONFragment(.object([:]))
      let label = OrqAction.Tool(id: name, displayName: JSONString(name))
      add(place, callID: place, tool: label, type: "tool", time, isStarted: true, input: input)
    }
    guard phase != "started" else { return }
    finish(
      open ?? actions.count - 1, time, output: member(["output", "result"]),
      error: phase == "failed" || phase == "error" ? "the tool failed" : nil)
  }

  // MARK: Approvals

  /// What was decided is not known here, so that an approval ends without a review.
  private mutating func review(_ status: TaskStatus, _ place: String, _ time: Timestamp, from first: Int) {
    let pending = actions[first...].lastIndex { $0.actionType == "approval" && $0.finished == nil }
    if status.state == .authRequired {
      guard pending == nil else { return }
      let label = OrqAction.Tool(id: "approval", displayName: "Approval", requiresApproval: true)
      add(place, callID: place, tool: label, type: "approval", time, isStarted: false)
    } else if let pending {
      actions[pending].updated = time.text
      actions[pending].finished = time.text
    }
  }
}
