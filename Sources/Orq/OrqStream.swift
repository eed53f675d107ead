import Bytes
public import JSON

/// One event of a stream, of either family (contract §4).
public protocol OrqEvent: Sendable, Equatable {
  /// ISO 8601.
  var timestamp: String { get }
  /// As on the wire.
  var type: StaticString { get }

  /// nil for a type that is new to us.
  init?(type: JSONNode, timestamp: String, data: JSONNode, _ reader: inout OrqReader)

  /// The members of `data`.
  func writeData(into json: inout JSONWriter)
}

/// What one server-sent event of a stream says.
public enum OrqStreamItem<Event: OrqEvent>: Sendable, Equatable {
  case event(Event)
  /// An event of a type that is new to us, to be passed over and counted. The type is the server's own text.
  case unknown(type: String)
  /// The end of the stream. 3.x ends without it, and so may others.
  case done
}

extension OrqEvent {
  /// - Parameter data: of a server-sent event. Servers of 3.x put the JSON into a JSON string, as the SDKs of that
  ///   generation require; both forms are read.
  public static func decode(_ data: [UInt8], limits: JSONLimits = .default) throws(OrqFault) -> OrqStreamItem<Self> {
    if data.span.trimmedMatches(OrqStream.end) { return .done }
    var root = try OrqReader.parse(data, by: .server, limits: limits)
    if let text = root.text {
      let inner = text.utf8
      if inner.span.trimmedMatches(OrqStream.end) { return .done }
      root = try OrqReader.parse(inner, by: .server, limits: limits)
    }
    return try decode(root)
  }

  private static func decode(_ root: JSONNode) throws(OrqFault) -> OrqStreamItem<Self> {
    guard root.kind == .object else { throw OrqFault("", "Must be an object.") }
    guard let type = root["type"], type.kind == .string else {
      throw OrqFault("type", "Is required and must be a string.")
    }
    var reader = OrqReader(.server)
    let timestamp = reader.requiredString(root, "timestamp")
    let data = reader.member(root, "data").flatMap { $0.kind == .object ? $0 : nil }
    // What an unknown type holds is nobody's business: it need not be an object.
    let event = reader.within("data") { Self(type: type, timestamp: timestamp, data: data ?? root, &$0) }
    guard let event else { return .unknown(type: type.string ?? "") }
    guard data != nil else { throw OrqFault("data", "Is required and must be an object.") }
    try reader.finish()
    return .event(event)
  }

  /// Appends the event as a server-sent event.
  ///
  /// Two spaces stand behind the colon: readers take one away, and the other one keeps 3.x from decoding the object too
  /// early, while it is white space to the JSON readers of 4.x (contract §4.3).
  public func write(into output: inout [UInt8]) {
    output.append("data:  ")
    var json = JSONWriter()
    json.beginObject()
    json.member("type", type)
    json.member("timestamp", timestamp)
    json.key("data")
    json.beginObject()
    writeData(into: &json)
    json.endObject()
    json.endObject()
    output.append(contentsOf: json.finish())
    output.append("\n\n")
  }
}

/// What one type of event says, with the type's name on the wire.
protocol EventPayload: Sendable, Equatable {
  static var type: StaticString { get }

  init(_ data: JSONNode, _ reader: inout OrqReader)

  func members(into json: inout JSONWriter)
}

/// Reads one type of event.
struct EventReader<Event: Sendable>: Sendable {
  let type: StaticString
  let read: @Sendable (JSONNode, inout OrqReader) -> Event

  init<Payload: EventPayload>(_ payload: Payload.Type, _ event: @escaping @Sendable (Payload) -> Event) {
    type = Payload.type
    read = { data, reader in event(Payload(data, &reader)) }
  }
}

/// The frame of both families.
public enum OrqStream {
  static let end: StaticString = "[DONE]"

  /// Appends the mark that ends a stream.
  public static func writeEnd(into output: inout [UInt8]) {
    output.append("data: [DONE]\n\n")
  }
}

extension Span where Element == UInt8 {
  /// True if the bytes without spaces around them are the literal.
  fileprivate func trimmedMatches(_ text: StaticString) -> Bool {
    // Anything longer is an event.
    guard count <= text.utf8CodeUnitCount + 8 else { return false }
    var start = 0
    var end = count
    while start < end, self[start] == 0x20 { start += 1 }
    while end > start, self[end - 1] == 0x20 { end -= 1 }
    return end - start == text.utf8CodeUnitCount && matches(text, at: start)
  }
}
