import Bytes
public import JSON

/// The answer of which most turns consist, read in one pass: one text of the agent's, and why it ended. Whatever says more,
/// less or something else is left to ``OrqOutcome``, which reads the same from this.
public struct OrqTextAnswer: Sendable {
  /// Where it lies in the body: never empty, and without escapes.
  public let taskID: Range<Int>
  public let text: JSONShape.Content
  public let finishReason: OrqFinishReason
  public let usage: OrqUsage?

  /// nil for any other answer, and for this one in any other form.
  public init?(_ body: Span<UInt8>) {
    // A value takes a byte at least.
    guard body.count <= min(JSONLimits.default.bytesMax, JSONLimits.default.nodesMax) else { return nil }
    var members = Members()
    var place = 0
    guard members.readAnswer(body, &place), JSONShape.isEnd(of: body, at: &place),
      members.seen.isSuperset(of: .required), let taskID = members.taskID, let text = members.text,
      let reason = members.finishReason
    else { return nil }
    self.taskID = taskID
    self.text = text
    finishReason = reason
    usage = members.usage.map { OrqUsage(JSONFragment($0, in: body)) }
  }
}

/// What is found of an answer.
private struct Members {
  struct Names: OptionSet {
    let rawValue: UInt16

    static let id = Names(rawValue: 1 << 0)
    static let taskID = Names(rawValue: 1 << 1)
    static let output = Names(rawValue: 1 << 2)
    static let createdAt = Names(rawValue: 1 << 3)
    static let model = Names(rawValue: 1 << 4)
    static let finishReason = Names(rawValue: 1 << 5)
    static let usage = Names(rawValue: 1 << 6)
    static let telemetry = Names(rawValue: 1 << 7)
    static let traceID = Names(rawValue: 1 << 8)
    static let spanID = Names(rawValue: 1 << 9)
    static let messageID = Names(rawValue: 1 << 10)
    static let role = Names(rawValue: 1 << 11)
    static let parts = Names(rawValue: 1 << 12)
    static let messageMetadata = Names(rawValue: 1 << 13)
    static let kind = Names(rawValue: 1 << 14)
    static let text = Names(rawValue: 1 << 15)

    static let required: Names = [
      .id, .taskID, .output, .createdAt, .model, .finishReason, .role, .parts, .kind, .text,
    ]
    static let ofTelemetry: Names = [.traceID, .spanID]
  }

  private(set) var seen: Names = []
  private(set) var taskID: Range<Int>?
  private(set) var text: JSONShape.Content?
  private(set) var finishReason: OrqFinishReason?
  private(set) var usage: JSONShape.Value?

  /// - Returns: whether all that is read is as it should be.
  mutating func readAnswer(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.object(in: body, at: &place) { place in
      if JSONShape.skip(#""_id":"#, in: body, at: &place) { return readText(.id, body, &place) }
      if JSONShape.skip(#""task_id":"#, in: body, at: &place) { return readTaskID(body, &place) }
      if JSONShape.skip(#""output":"#, in: body, at: &place) { return readOutput(body, &place) }
      if JSONShape.skip(#""created_at":"#, in: body, at: &place) { return readText(.createdAt, body, &place) }
      if JSONShape.skip(#""model":"#, in: body, at: &place) { return readText(.model, body, &place) }
      if JSONShape.skip(#""finish_reason":"#, in: body, at: &place) { return readFinishReason(body, &place) }
      if JSONShape.skip(#""usage":"#, in: body, at: &place) {
        usage = readObject(.usage, body, &place, depth: 1)
        return usage != nil
      }
      return JSONShape.skip(#""telemetry":"#, in: body, at: &place) && readTelemetry(body, &place)
    }
  }

  /// Each member is read once: one that comes twice is somebody else's to judge.
  private mutating func isNew(_ name: Names) -> Bool { seen.insert(name).inserted }

  /// A string that only must be there.
  private mutating func readText(_ name: Names, _ body: Span<UInt8>, _ place: inout Int) -> Bool {
    isNew(name) && JSONShape.string(in: body, at: &place) != nil
  }

  /// An object, whatever is in it.
  private mutating func readObject(
    _ name: Names, _ body: Span<UInt8>, _ place: inout Int, depth: Int
  ) -> JSONShape.Value? {
    var first = place
    guard isNew(name), JSONShape.skip(token: "{", in: body, at: &first) else { return nil }
    return JSONShape.value(in: body, at: &place, depth: depth)
  }

  private mutating func readTaskID(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    guard isNew(.taskID), let id = JSONShape.string(in: body, at: &place), !id.hasEscapes, !id.range.isEmpty else {
      return false
    }
    taskID = id.range
    return true
  }

  private mutating func readFinishReason(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    guard isNew(.finishReason), let name = JSONShape.string(in: body, at: &place), !name.hasEscapes else {
      return false
    }
    let text = body.extracting(name.range)
    finishReason = text.count == 4 && text.matches("stop") ? .stop : OrqFinishReason(text.text)
    return true
  }

  private mutating func readTelemetry(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    let isRead =
      isNew(.telemetry)
      && JSONShape.object(in: body, at: &place) { place in
        if JSONShape.skip(#""trace_id":"#, in: body, at: &place) { return readText(.traceID, body, &place) }
        return JSONShape.skip(#""span_id":"#, in: body, at: &place) && readText(.spanID, body, &place)
      }
    return isRead && seen.isSuperset(of: .ofTelemetry)
  }

  /// One message, of one part.
  private mutating func readOutput(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    isNew(.output) && JSONShape.skip(token: "[", in: body, at: &place) && readMessage(body, &place)
      && JSONShape.skip(token: "]", in: body, at: &place)
  }

  private mutating func readMessage(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.object(in: body, at: &place) { place in
      if JSONShape.skip(#""messageId":"#, in: body, at: &place) { return readText(.messageID, body, &place) }
      if JSONShape.skip(#""role":"#, in: body, at: &place) {
        JSONShape.skipSpace(in: body, at: &place)
        return isNew(.role) && JSONShape.skip(#""agent""#, in: body, at: &place)
      }
      if JSONShape.skip(#""parts":"#, in: body, at: &place) {
        return isNew(.parts) && JSONShape.skip(token: "[", in: body, at: &place) && readPart(body, &place)
          && JSONShape.skip(token: "]", in: body, at: &place)
      }
      return JSONShape.skip(#""metadata":"#, in: body, at: &place)
        && readObject(.messageMetadata, body, &place, depth: 3) != nil
    }
  }

  private mutating func readPart(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.object(in: body, at: &place) { place in
      if JSONShape.skip(#""kind":"#, in: body, at: &place) {
        JSONShape.skipSpace(in: body, at: &place)
        return isNew(.kind) && JSONShape.skip(#""text""#, in: body, at: &place)
      }
      guard JSONShape.skip(#""text":"#, in: body, at: &place), isNew(.text) else { return false }
      text = JSONShape.string(in: body, at: &place)
      return text != nil
    }
  }
}
