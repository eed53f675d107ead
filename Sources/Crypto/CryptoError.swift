/// A cryptographic operation that could not be done. The text is for operators and names no secret.
public struct CryptoError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// A key of the wrong size or kind, or one that cannot be read.
    case badKey
    /// What was sealed is damaged, was sealed under another key, or belongs elsewhere.
    case notAuthentic
    /// The library refused what it should be able to do.
    case library
  }

  public let kind: Kind
  public let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { message }
}
