public import JSON

/// A way to send messages to one agent: what all its calls have in common, made once.
public final class OrqSending: Sendable {
  public let operation: OrqOperation
  /// Path, percent-encoded.
  public let target: String
  /// The answer is a stream of events, and asked for as one; any other is JSON.
  public let isStreamed: Bool
  public let generation: OrqGeneration
  /// Members before those of the turn and behind them, as they stand in the body; empty where there are none.
  private let opening: [UInt8]
  private let closing: [UInt8]

  /// From 4.0 on.
  ///
  /// - Parameter stream: answer with a stream; else when the agent is done.
  public static func createResponse(_ agentKey: String, stream: Bool) -> OrqSending {
    OrqSending(.createResponse, agentKey, OrqResponseRequest(.unsaid, stream: stream), for: .v4)
  }

  /// From 4.5 on: answers when the agent is done.
  public static func invoke(_ agentKey: String) -> OrqSending {
    OrqSending(.invoke, agentKey, OrqInvokeRequest(.unsaid, blocking: true), for: .v4)
  }

  public static func streamTask(_ agentKey: String, for generation: OrqGeneration) -> OrqSending {
    OrqSending(.streamTask, agentKey, OrqInvokeRequest(.unsaid), for: generation)
  }

  /// - Parameter others: as in ``OrqRunRequest/others``.
  public static func streamRun(
    _ agent: OrqAgentDefinition, others: JSONObject, for generation: OrqGeneration
  ) -> OrqSending {
    OrqSending(.streamRun, nil, OrqRunRequest(agent: agent, others: others, turn: .unsaid), for: generation)
  }

  /// - Parameter request: stands for all; its turn is left out.
  init(_ operation: OrqOperation, _ agentKey: String?, _ request: some OrqTurnRequest, for generation: OrqGeneration) {
    self.operation = operation
    self.generation = generation
    target = OrqRoute(operation, agentKey: agentKey).path(for: generation)
    isStreamed = request.isStreamed(by: operation)
    opening = OrqSending.members { request.writeOpening(into: &$0, for: generation) }
    closing = OrqSending.members { request.writeClosing(into: &$0, for: generation) }
  }

  /// Members as they stand in an object.
  static func members(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    write(&json)
    return Array(json.finish().dropFirst())
  }

  static func write(_ members: [UInt8], into json: inout JSONWriter) {
    if !members.isEmpty { json.raw(members.span) }
  }

  /// A body up to the members of the turn, which come next, see ``OrqTurn``.
  ///
  /// - Parameter bytes: that the turn will probably take.
  public func begin(reserving bytes: Int) -> JSONWriter {
    var json = JSONWriter(reserving: opening.count + bytes + closing.count + 8)
    json.beginObject()
    OrqSending.write(opening, into: &json)
    return json
  }

  /// Ends a body, of which all members of the turn are written.
  public func end(_ body: inout JSONWriter) {
    OrqSending.write(closing, into: &body)
    body.endObject()
  }
}

/// The body of a request that sends a message: the members of the turn, and those before and behind them.
protocol OrqTurnRequest: OrqRequestBody {
  var turn: OrqTurn { get }

  func writeOpening(into json: inout JSONWriter, for generation: OrqGeneration)
  func writeClosing(into json: inout JSONWriter, for generation: OrqGeneration)
  func isStreamed(by operation: OrqOperation) -> Bool
}

extension OrqTurnRequest {
  public func write(into json: inout JSONWriter, for generation: OrqGeneration) {
    json.beginObject()
    writeOpening(into: &json, for: generation)
    turn.members(into: &json, for: generation)
    writeClosing(into: &json, for: generation)
    json.endObject()
  }

  func writeOpening(into json: inout JSONWriter, for generation: OrqGeneration) {}

  func isStreamed(by operation: OrqOperation) -> Bool { operation == .streamTask || operation == .streamRun }
}
