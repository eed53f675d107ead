import Glibc

/// An HTTP/1.1 response as it was on the wire, framing removed.
public struct WebResponse: Sendable {
  public let status: Int
  /// Names in lower case, in their order.
  public let fields: [(name: String, value: String)]
  public var body: [UInt8]

  /// The first field of that name.
  public func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

  public func fields(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  public var text: String { String(decoding: body, as: UTF8.self) }
}

/// A small blocking HTTP/1.1 client. It reads strictly: an answer that is not well formed is a failure.
public final class WebClient {
  public let raw: RawClient

  public init(port: UInt16, tls: RawClient.TLS? = nil, receiveBufferBytes: Int32? = nil) throws {
    raw = try RawClient(port: port, tls: tls, receiveBufferBytes: receiveBufferBytes)
  }

  /// One request and its answer.
  public func request(
    _ method: String, _ target: String, _ fields: [(String, String)] = [], body: [UInt8]? = nil
  ) throws -> WebResponse {
    try send(method, target, fields, body: body)
    return try response(to: method)
  }

  public func send(
    _ method: String, _ target: String, _ fields: [(String, String)] = [], body: [UInt8]? = nil
  ) throws {
    var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in fields { head += "\(name): \(value)\r\n" }
    if let body { head += "Content-Length: \(body.count)\r\n" }
    try raw.send(Array((head + "\r\n").utf8) + (body ?? []))
  }

  /// The next whole answer.
  public func response(to method: String = "POST") throws -> WebResponse {
    var response = try head()
    if method == "HEAD" || response.status == 204 || response.status == 304 { return response }
    if response.field("transfer-encoding") != nil {
      while let chunk = try chunk() { response.body += chunk }
    } else if let length = response.field("content-length") {
      guard let count = Int(length), count >= 0 else { throw RawClient.Failure("bad length: \(length)") }
      response.body = try raw.receive(count: count)
    } else {
      throw RawClient.Failure("no length: \(response)")
    }
    return response
  }

  /// The next head; interim answers are skipped.
  public func head() throws -> WebResponse {
    while true {
      let response = try WebClient.parse(head: try raw.receive(until: "\r\n\r\n"))
      if response.status >= 200 { return response }
    }
  }

  /// The next chunk of a body; nil at its proper end.
  public func chunk() throws -> [UInt8]? {
    let line = try raw.receive(until: "\r\n").dropLast()
    guard let count = Int(line, radix: 16) else { throw RawClient.Failure("bad chunk head: \(line)") }
    let bytes = count == 0 ? [] : try raw.receive(count: count)
    guard try raw.receive(count: 2) == [13, 10] else { throw RawClient.Failure("a chunk has no end") }
    return count == 0 ? nil : bytes
  }

  private static func parse(head: String) throws -> WebResponse {
    // Swift takes CR LF for one character: the lines are told apart by it alone.
    var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
    guard lines.count >= 3, lines.suffix(2).allSatisfy(\.isEmpty) else { throw RawClient.Failure("bad head: \(head)") }
    lines.removeLast(2)
    let statusLine = lines.removeFirst().split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard statusLine.count == 3, statusLine[0] == "HTTP/1.1", statusLine[1].count == 3, let status = Int(statusLine[1])
    else { throw RawClient.Failure("bad status line: \(head)") }
    let fields = try lines.map { line in
      guard let colon = line.firstIndex(of: ":"), colon != line.startIndex, !line.contains(where: \.isNewline),
        !line[..<colon].contains(" ")
      else { throw RawClient.Failure("bad field: \(line)") }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      return (name: line[..<colon].lowercased(), value: String(value))
    }
    return WebResponse(status: status, fields: fields, body: [])
  }
}

/// One server-sent event, or one comment.
public struct ServerSentEvent: Sendable, Equatable {
  public var id: String?
  public var name: String?
  public var data = ""
  public var comment: String?
}

/// Reads server-sent events from the chunks of a response.
public final class EventReader {
  public let client: WebClient
  public let head: WebResponse
  private var buffer: [UInt8] = []
  /// No event ends before this place of the buffer.
  private var searched = 0
  private var hasEnded = false

  public init(_ client: WebClient, _ head: WebResponse) {
    self.client = client
    self.head = head
  }

  /// The next event or comment; nil at the proper end of the stream.
  public func next() throws -> ServerSentEvent? {
    while true {
      if let end = endOfEvent() {
        let block = String(decoding: buffer[..<end], as: UTF8.self)
        buffer.removeSubrange(..<(end + 2))
        searched = 0
        return try EventReader.parse(block)
      }
      searched = max(0, buffer.count - 1)
      guard !hasEnded, let chunk = try client.chunk() else {
        hasEnded = true
        guard buffer.isEmpty else { throw RawClient.Failure("the stream ends inside an event") }
        return nil
      }
      buffer += chunk
    }
  }

  /// Where the empty line begins that ends the first event.
  private func endOfEvent() -> Int? {
    let start = searched
    // The search stays within the buffer, and its results are addresses in it.
    return unsafe buffer.withUnsafeBytes { bytes -> Int? in
      guard let base = bytes.baseAddress else { return nil }
      var place = start
      while place < bytes.count - 1, let found = unsafe memchr(base + place, 10, bytes.count - 1 - place) {
        place = unsafe base.distance(to: UnsafeRawPointer(found))
        if unsafe bytes[place + 1] == 10 { return place }
        place += 1
      }
      return nil
    }
  }

  private static func parse(_ block: String) throws -> ServerSentEvent {
    var event = ServerSentEvent()
    var data: [Substring] = []
    for line in block.split(separator: "\n") {
      if line.hasPrefix(":") {
        event.comment = String(line.dropFirst().drop { $0 == " " })
        continue
      }
      guard let colon = line.firstIndex(of: ":") else { throw RawClient.Failure("bad line of an event: \(line)") }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      switch line[..<colon] {
      case "data": data.append(value)
      case "id": event.id = String(value)
      case "event": event.name = String(value)
      default: throw RawClient.Failure("unknown line of an event: \(line)")
      }
    }
    event.data = data.joined(separator: "\n")
    return event
  }
}
