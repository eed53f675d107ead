/// Bounds of one HTTP message.
public struct HTTPLimits: Sendable {
  public var requestLineBytesMax = 8 * 1024
  /// The whole head, with its line ends.
  public var headBytesMax = 32 * 1024
  public var headersMax = 100
  public var bodyBytesMax = 10 * 1024 * 1024
  /// Size line of a chunk with its extensions, which are ignored.
  public var chunkHeadBytesMax = 256
  /// Trailer fields, which are dropped.
  public var trailerBytesMax = 8 * 1024

  /// Interim responses (1xx) before a response.
  public var interimResponsesMax = 16

  public init() {}
}

/// A message that is not HTTP as it must be, or exceeds a bound. The connection cannot be used further.
public struct HTTPParseError: Error, Sendable, Equatable {
  public enum Kind: Sendable {
    case badRequestLine
    case badStatusLine
    case badField
    case badHost
    /// Body length stated twice, unreadable, or in a form that another server might read differently.
    case badFraming
    case badChunk
    case headTooLarge
    case targetTooLong
    case bodyTooLarge
    case unsupportedVersion
    case unsupportedTransferCoding
    case truncated
  }

  public let kind: Kind
  /// The status to answer a request with.
  public let status: Int
  /// For people; unspecified.
  public let message: String

  public init(_ kind: Kind, _ status: Int, _ message: String) {
    self.kind = kind
    self.status = status
    self.message = message
  }
}
