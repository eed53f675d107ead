/// What a translation to a dialect could not carry (A2A 1.0 has it, the dialect has no place for it), so that the
/// gateway can count it, log it and tell the caller.
public struct TranslationLosses: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A part's media type has no slot.
  public static let partMediaType = TranslationLosses(rawValue: 1 << 0)
  /// A part's file name has no slot.
  public static let partFilename = TranslationLosses(rawValue: 1 << 1)
  /// Data that is no object was wrapped as `{"value": …}` and marked `data_part_compat`.
  public static let dataWrapped = TranslationLosses(rawValue: 1 << 2)
  /// The part's own `data_part_compat` metadata would have been read as the mark, and was left out.
  public static let partMetadata = TranslationLosses(rawValue: 1 << 3)
  /// The tenant is dropped: 0.3 has none.
  public static let tenant = TranslationLosses(rawValue: 1 << 4)
  /// `referenceTaskIds` have no place in 0.3 REST.
  public static let referenceTaskIDs = TranslationLosses(rawValue: 1 << 5)
  /// `historyLength: 0` means "all" in 0.3: it is left out, and the history of the answer must be trimmed.
  public static let historyLengthZero = TranslationLosses(rawValue: 1 << 6)
  /// The metadata of a cancel has no place in 0.3 REST.
  public static let cancelMetadata = TranslationLosses(rawValue: 1 << 7)

  private static let names: [(TranslationLosses, String)] = [
    (.partMediaType, "part_media_type"), (.partFilename, "part_filename"), (.dataWrapped, "data_wrapped"),
    (.partMetadata, "part_metadata"), (.tenant, "tenant"), (.referenceTaskIDs, "reference_task_ids"),
    (.historyLengthZero, "history_length_zero"), (.cancelMetadata, "cancel_metadata"),
  ]

  /// Stable names for logs and metrics.
  public var names: [String] { TranslationLosses.names.filter { contains($0.0) }.map(\.1) }
}
