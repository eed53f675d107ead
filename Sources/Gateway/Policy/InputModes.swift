internal import HTTP
internal import JSON
internal import Model

/// The media types that an agent takes, by its card: the default input modes and those of its skills, since a message
/// names no skill (A2A 1.0 §3.1.1, §4.4.1; 0.3 §8.2).
struct InputModes: Sendable {
  /// nil where anything goes.
  private let ranges: [MediaType]?

  /// - Parameter origin: the agent's own card, where it has one.
  init(_ card: AgentCard, origin: AgentCard? = nil) {
    // An agent elsewhere judges by itself, often more kindly than its card; only what a card file says instead is held.
    if let origin, card.defaultInputModes == origin.defaultInputModes {
      ranges = nil
      return
    }
    let modes = card.defaultInputModes + card.skills.flatMap(\.inputModes)
    let ranges = modes.map { MediaType($0) }
    // Some cards say "text" or "file", which tells no media types apart.
    let isOpen = ranges.isEmpty || ranges.contains { $0 == nil || $0?.type == "*" }
    self.ranges = isOpen ? nil : ranges.compactMap(\.self)
  }

  /// Refuses a message with a part whose stated media type the agent does not take. A part that states none is taken.
  func check(_ message: Message) throws(AgentError) {
    guard let ranges else { return }
    for (index, part) in message.parts.enumerated() {
      guard let stated = part.mediaType?.string, !stated.isEmpty else { continue }
      if let type = MediaType(stated), ranges.contains(where: { InputModes.covers($0, type) }) { continue }
      let taken = ranges.map { "\($0.type)/\($0.subtype)" }.joined(separator: ", ")
      let field = "message.parts[\(index)].mediaType"
      throw AgentError(
        .contentTypeNotSupported,
        "incompatible content types: that of \(field) is not supported by this agent, which takes \(taken)",
        metadata: ["field": field, "supported": taken])
    }
  }

  private static func covers(_ range: MediaType, _ type: MediaType) -> Bool {
    guard range.type == type.type else { return false }
    // Text of an unknown subtype is read as plain text (RFC 2046 §4.1.4).
    return range.subtype == "*" || range.subtype == type.subtype || (range.type == "text" && range.subtype == "plain")
  }
}
