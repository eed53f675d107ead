/// Bounds of one document. They hold before anything is built from it.
public struct JSONLimits: Sendable, Equatable {
  /// Of the whole text; at most 4 GiB - 1.
  public var bytesMax: Int
  /// Arrays and objects within each other.
  public var depthMax: Int
  /// Values and member names together; at most 2^28 - 1.
  public var nodesMax: Int

  public init(bytesMax: Int = 64 * 1024 * 1024, depthMax: Int = 64, nodesMax: Int = 1_000_000) {
    self.bytesMax = min(bytesMax, Int(UInt32.max))
    self.depthMax = depthMax
    self.nodesMax = min(nodesMax, Int(UInt32.max >> 4))
  }

  public static let `default` = JSONLimits()

  /// For text that this module has written or checked before.
  public static let none = JSONLimits(bytesMax: .max, depthMax: .max, nodesMax: .max)
}

/// Why a text is not JSON as this gateway takes it: RFC 8259, well-formed Unicode, each member name once, within limits.
public struct JSONError: Error, Sendable, Equatable {
  public enum Kind: Sendable {
    /// Not JSON (RFC 8259).
    case syntax
    /// Not UTF-8, or half of a surrogate pair.
    case invalidUTF8
    /// An object with two members of one name; receivers disagree on which one counts (RFC 8259 §4).
    case duplicateName
    case tooDeep
    case tooLarge
    /// A number that a canonical text cannot say (RFC 8785 §3.2.2.3).
    case unrepresentable
  }

  public var kind: Kind
  /// Bytes before the place.
  public var offset: Int
  /// For people. Says what was expected; never repeats the text.
  public var message: String

  public init(_ kind: Kind, at offset: Int, _ message: String) {
    self.kind = kind
    self.offset = offset
    self.message = message
  }
}
