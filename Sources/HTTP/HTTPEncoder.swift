import Bytes

/// Writes messages.
public enum HTTPEncoder {
  /// How the end of a response's body is told.
  public enum BodyFraming: Sendable {
    case length(Int)
    case chunked
    /// By closing the connection: a stream to an HTTP/1.0 client.
    case untilClose
    /// No body and no statement about one: 204, 304.
    case none
  }

  /// A request head up to what says how long its body is: the same for all requests of a kind.
  ///
  /// - Parameter host: nil where the fields hold a Host of their own.
  public static func requestLines(
    method: HTTPMethod, target: String, host: String? = nil, fields: HTTPFields
  ) -> [UInt8] {
    let name = method.name
    let bytesMax =
      name.utf8.count + target.utf8.count + (host?.utf8.count ?? 0) + fields.lineBytesMax + framingBytesMax
    var lines: [UInt8] = []
    lines.append(addingCapacity: bytesMax) { output in
      output.append(utf8: name)
      output.append(" ")
      output.append(utf8: target)
      if let host {
        output.append(" HTTP/1.1\r\nHost: ")
        output.append(utf8: host)
        output.append("\r\n")
      } else {
        output.append(" HTTP/1.1\r\n")
      }
      fields.append(to: &output)
    }
    return lines
  }

  /// What stands in a request head behind ``requestLines(method:target:host:fields:)``.
  ///
  /// - Parameter output: has room for `requestEndBytesMax` bytes.
  public static func requestEnd(contentLength: Int?, into output: inout OutputSpan<UInt8>) {
    if let contentLength {
      output.append("Content-Length: ")
      output.append(decimal: contentLength)
      output.append("\r\n\r\n")
    } else {
      output.append("\r\n")
    }
  }

  public static let requestEndBytesMax = 40

  /// A whole request head. Framing is added here.
  public static func requestHead(
    method: HTTPMethod, target: String, host: String? = nil, fields: HTTPFields, contentLength: Int?,
    into output: inout [UInt8]
  ) {
    output += requestLines(method: method, target: target, host: host, fields: fields)
    output.append(addingCapacity: requestEndBytesMax) { requestEnd(contentLength: contentLength, into: &$0) }
  }

  /// A response head.
  ///
  /// - Parameters:
  ///   - date: IMF-fixdate, cached by the caller.
  ///   - number: of the request, for `X-Request-Id`.
  ///   - output: has room for `responseHeadBytesMax` bytes.
  public static func responseHead(
    status: Int, fields: HTTPFields, framing: BodyFraming, keepAlive: Bool, minorVersion: Int, date: Span<UInt8>,
    number: UInt64? = nil, into output: inout OutputSpan<UInt8>
  ) {
    if status == 200 {
      output.append("HTTP/1.1 200 OK\r\n")
    } else {
      output.append("HTTP/1.1 ")
      output.append(decimal: status)
      output.append(" ")
      output.append(HTTPStatus.reason(status))
      output.append("\r\n")
    }
    fields.append(to: &output)
    if let number {
      output.append("X-Request-Id: ")
      output.append(hex: number)
      output.append("\r\n")
    }
    switch framing {
    case .length(let length):
      output.append("Content-Length: ")
      output.append(decimal: length)
      output.append("\r\nDate: ")
    case .chunked: output.append("Transfer-Encoding: chunked\r\nDate: ")
    case .untilClose, .none: output.append("Date: ")
    }
    output.append(date)
    if !keepAlive {
      output.append("\r\nConnection: close\r\n\r\n")
    } else if minorVersion == 0 {
      output.append("\r\nConnection: keep-alive\r\n\r\n")
    } else {
      output.append("\r\n\r\n")
    }
  }

  public static func responseHeadBytesMax(fields: HTTPFields) -> Int { fields.lineBytesMax + framingBytesMax }

  public static func responseHead(
    status: Int, fields: HTTPFields, framing: BodyFraming, keepAlive: Bool, minorVersion: Int, date: [UInt8],
    into output: inout [UInt8]
  ) {
    output.append(addingCapacity: responseHeadBytesMax(fields: fields)) {
      responseHead(
        status: status, fields: fields, framing: framing, keepAlive: keepAlive, minorVersion: minorVersion,
        date: date.span, into: &$0)
    }
  }

  /// More than all that a head has beside its fields, names and texts: literals, a reason phrase, a date, a number of
  /// 20 digits.
  private static let framingBytesMax = 256

  /// One chunk that `body` appends: exactly as many bytes as it is said to have. Nothing for no bytes, which would end the
  /// message.
  ///
  /// - Parameter output: has room for `chunkFrameBytesMax` bytes beside the chunk's own.
  public static func chunk(
    byteCount: Int, into output: inout OutputSpan<UInt8>, _ body: (inout OutputSpan<UInt8>) -> Void
  ) {
    guard byteCount > 0 else { return }
    output.append(shortHex: UInt64(byteCount))
    output.append("\r\n")
    let start = output.count
    body(&output)
    precondition(output.count - start == byteCount, "a chunk is as long as it says")
    output.append("\r\n")
  }

  /// The most bytes that stand around those of a chunk.
  public static let chunkFrameBytesMax = 20

  /// Ends a message of chunks.
  public static let lastChunk: StaticString = "0\r\n\r\n"
}

/// Reason phrases (RFC 9110 §15); for people only.
public enum HTTPStatus {
  public static func reason(_ status: Int) -> StaticString {
    switch status {
    case 100: "Continue"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Content"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    case 508: "Loop Detected"
    default: "Status"
    }
  }
}
