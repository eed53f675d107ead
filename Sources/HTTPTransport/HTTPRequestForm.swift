public import Bytes
internal import HTTP
internal import Network

/// All of a request but its body. Calls of a kind share one, nobody changes it.
public final class HTTPRequestForm: Sendable {
  let method: HTTPMethod
  let url: URI
  let tls: TLSClientContext?
  let address: SocketAddress?
  let timeouts: HTTPClientTimeouts
  let isRepeatable: Bool
  let responseBytesMax: Int
  /// As it is sent, up to what says how long the body is.
  let head: [UInt8]

  /// - Parameter request: its body is left out.
  public init(_ request: borrowing HTTPClientRequest) {
    method = request.method
    url = request.url
    tls = request.tls
    address = request.address
    timeouts = request.timeouts
    isRepeatable = request.isRepeatable
    responseBytesMax = request.responseBytesMax
    head = HTTPEncoder.requestLines(
      method: request.method, target: request.target,
      host: request.fields.contains("host") ? nil : request.url.authority, fields: request.fields)
  }

  /// Whether a request with as many bytes of body says how many they are, and be it none.
  func statesLength(of bodyBytes: Int) -> Bool {
    switch method {
    case .post, .put, .patch: true
    case .get, .head, .delete, .options, .other: bodyBytes > 0
    }
  }
}

/// The body of a request: an array, which others may hold as well, or what was written for this request alone.
public enum HTTPRequestBody: ~Copyable {
  case bytes([UInt8])
  case written(ByteWriter)

  var count: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .written(let writer): writer.count
    }
  }

  func append(to output: inout OutputSpan<UInt8>) {
    switch self {
    case .bytes(let bytes): output.append(bytes.span)
    case .written(let writer): writer.withSpan { output.append($0) }
    }
  }

  /// An array of the bytes, which are copied where there is none.
  var array: [UInt8] {
    switch self {
    case .bytes(let bytes): bytes
    case .written(let writer): writer.withSpan { $0.copied }
    }
  }
}
