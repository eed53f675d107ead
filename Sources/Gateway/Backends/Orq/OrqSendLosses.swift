/// What a message loses on its way to Orq.
struct OrqSendLosses: OptionSet, Sendable {
  let rawValue: UInt8

  /// The Orq task of the turn before cannot be continued: the agent forgets what was said.
  static let contextReset = OrqSendLosses(rawValue: 1 << 0)
  /// Orq takes no data; it became text.
  static let dataAsText = OrqSendLosses(rawValue: 1 << 1)
  /// Orq's parts have no metadata.
  static let partMetadata = OrqSendLosses(rawValue: 1 << 2)
  /// Beside results of tools Orq takes nothing else.
  static let textBesideToolResults = OrqSendLosses(rawValue: 1 << 3)
  /// Orq's texts have no media type and no file name.
  static let textMediaType = OrqSendLosses(rawValue: 1 << 4)

  private static let names: [(OrqSendLosses, String)] = [
    (.contextReset, "context_reset"), (.dataAsText, "data_as_text"), (.partMetadata, "part_metadata"),
    (.textBesideToolResults, "text_beside_tool_results"), (.textMediaType, "text_media_type"),
  ]

  /// Stable names for answers, logs and metrics.
  var names: [String] { isEmpty ? [] : OrqSendLosses.names.filter { contains($0.0) }.map(\.1) }
}
