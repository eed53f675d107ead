public import JSON

/// What an ``OrqResponse`` says of its turn. The rest of it is checked, and not kept.
public struct OrqOutcome: Sendable, Equatable {
  public var taskID: String
  /// As in ``OrqResponse/status``.
  public var status: OrqResponse.Status?
  /// Of the agent's messages, in their order.
  public var parts: [OrqPart]
  public var finishReason: OrqFinishReason?
  public var pendingToolCalls: [OrqPendingToolCall]
  public var usage: OrqUsage?
}

extension OrqOutcome: OrqReadable {
  public init(_ node: JSONNode, _ reader: inout OrqReader) { self = OrqOutcome.read(node, &reader) }

  /// A function, since an initializer that sets so much would copy all of it once more.
  private static func read(_ node: JSONNode, _ reader: inout OrqReader) -> OrqOutcome {
    reader.requireString(node, "_id")
    let taskID = reader.identifier(node, "task_id")
    let parts = OrqOutcome.parts(node, &reader)
    reader.requireString(node, "created_at")
    reader.requireString(node, "model")
    let usage = reader.value(node, "usage", OrqUsage.self)
    let finishReason = OrqFinishReason.read(node, "finish_reason", &reader)
    // Five must be there. Where these are all, none is looked for any more.
    let isAll = node.count == 5 + (usage == nil ? 0 : 1) + (finishReason == nil ? 0 : 1) && !reader.hasFaults
    let (pendingToolCalls, status) = isAll ? ([], nil) : OrqOutcome.others(node, &reader)
    return OrqOutcome(
      taskID: taskID, status: status, parts: parts, finishReason: finishReason, pendingToolCalls: pendingToolCalls,
      usage: usage)
  }

  private static func others(_ node: JSONNode, _ reader: inout OrqReader) -> ([OrqPendingToolCall], OrqResponse.Status?)
  {
    let pendingToolCalls = reader.values(node, "pending_tool_calls", OrqPendingToolCall.self) ?? []
    OrqTelemetry.check(in: node, &reader)
    let status = reader.name(node, "status", OrqResponse.Status.self)
    reader.checkString(node, "error")
    return (pendingToolCalls, status)
  }

  /// The same of a turn that has ended well, for one that does not say how it ended.
  public var asCompleted: OrqOutcome {
    var outcome = self
    outcome.status = .completed
    return outcome
  }

  private static func parts(_ node: JSONNode, _ reader: inout OrqReader) -> [OrqPart] {
    var parts: [OrqPart] = []
    reader.requireObjects(node, "output") { OrqMessage.readAnswer($1, into: &parts, &$0) }
    return parts
  }
}
