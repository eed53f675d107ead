import HTTPTransport

/// What one exchange with a model server or a service may take.
public struct UpstreamBounds: Sendable, Equatable {
  /// The whole response.
  public var answerBytesMax = 64 * 1024 * 1024
  /// One event of it, or one response that is no stream.
  public var eventBytesMax = 4 * 1024 * 1024
  /// Until the connection stands.
  public var connect: Duration = .seconds(10)
  /// From there to the head of the response, and between two pieces of it: a model may be loaded first, and think long.
  public var silence: Duration = .seconds(10 * 60)

  public init() {}

  func apply(to request: inout HTTPClientRequest) {
    request.responseBytesMax = answerBytesMax
    request.timeouts.connect = connect
    request.timeouts.firstByte = silence
    request.timeouts.silence = silence
  }
}
