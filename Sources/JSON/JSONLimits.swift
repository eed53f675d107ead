/// Bounds of one JSON text.
public struct JSONLimits: Sendable {
  /// At most 2³¹ − 1, whatever is set.
  public var bytesMax: Int
  /// Arrays and objects within each other.
  public var depthMax: Int
  /// Values and member names together.
  public var nodesMax: Int

  public init(bytesMax: Int = 64 * 1024 * 1024, depthMax: Int = 64, nodesMax: Int = 1_000_000) {
    self.bytesMax = bytesMax
    self.depthMax = depthMax
    self.nodesMax = nodesMax
  }

  public static let `default` = JSONLimits()
}

/// Why a text is not acceptable JSON.
public struct JSONError: Error, Sendable, Equatable {
  public enum Kind: Sendable {
    /// Not JSON (RFC 8259).
    case syntax
    case invalidUTF8
    /// An object with two members of one name; receivers disagree on which one counts (RFC 8259 §4).
    case duplicateName
    case tooDeep
    case tooLarge
  }

  public let kind: Kind
  /// The offending byte, from 0.
  public let offset: Int
  /// For people; unspecified.
  public let message: String

  public init(_ kind: Kind, at offset: Int, _ message: String) {
    self.kind = kind
    self.offset = offset
    self.message = message
  }
}
