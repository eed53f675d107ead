internal import Bytes

/// One server-sent event (HTML Standard §9.2).
public struct SSEEvent: Sendable, Equatable {
  /// The data lines, joined by line feeds.
  public var data: [UInt8]
  /// Empty when the stream does not name it.
  public var event: String
  /// The last id that the stream has named.
  public var id: String?

  public init(data: [UInt8], event: String = "", id: String? = nil) {
    self.data = data
    self.event = event
    self.id = id
  }
}

/// An event is larger than the reader accepts.
public struct SSETooLarge: Error, Sendable, Equatable {}

/// Reads an event stream from pieces of any size: LF, CR LF and CR end lines, a byte order mark in front is dropped,
/// comments are skipped, events without data are not given out.
public struct SSEDecoder: Sendable {
  private let eventBytesMax: Int
  private var line: [UInt8] = []
  private var data: [UInt8] = []
  private var hasData = false
  private var event = ""
  private var lastID: String?
  private var endedInCR = false
  private var isFirstLine = true

  public init(eventBytesMax: Int = 16 * 1024 * 1024) { self.eventBytesMax = eventBytesMax }

  public mutating func feed(_ bytes: [UInt8], _ onEvent: (SSEEvent) throws -> Void) throws {
    var start = 0
    for (index, byte) in bytes.enumerated() where byte == 0x0A || byte == 0x0D {
      if byte == 0x0A, index == start, line.isEmpty, endedInCR {
        // The LF of a CR LF whose CR ended the line.
        endedInCR = false
        start = index + 1
        continue
      }
      line += bytes[start..<index]
      start = index + 1
      endedInCR = byte == 0x0D
      try finishLine(onEvent)
    }
    if start < bytes.count {
      endedInCR = false
      line += bytes[start...]
    }
    if line.count + data.count > eventBytesMax { throw SSETooLarge() }
  }

  private mutating func finishLine(_ onEvent: (SSEEvent) throws -> Void) throws {
    defer { line.removeAll(keepingCapacity: true) }
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    }
    guard !line.isEmpty else {
      defer {
        data = []
        hasData = false
        event = ""
      }
      if hasData { try onEvent(SSEEvent(data: data, event: event, id: lastID)) }
      return
    }
    let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.count
    var value = line[min(colon + 1, line.count)...]
    if value.first == 0x20 { value.removeFirst() }
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "data":
      if hasData { data.append(0x0A) }
      hasData = true
      data += value
      if data.count > eventBytesMax { throw SSETooLarge() }
    case "event": event = String(decoding: value, as: UTF8.self)
    case "id": if !value.contains(0) { lastID = String(decoding: value, as: UTF8.self) }
    default: break
    }
  }
}

/// Writes an event stream.
public enum SSEEncoder {
  /// - Parameters:
  ///   - data: a raw CR or LF in it starts a new data line.
  ///   - id: without line ends.
  public static func event(data: [UInt8], id: String? = nil, event: StaticString? = nil, into output: inout [UInt8]) {
    if let event {
      output.append("event: ")
      output.append(event)
      output.append("\n")
    }
    if let id {
      output.append("id: ")
      output.append(utf8: id)
      output.append("\n")
    }
    output.append("data: ")
    if data.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
      for byte in data {
        if byte == 0x0A { output.append("\ndata: ") } else if byte != 0x0D { output.append(byte) }
      }
    } else {
      output += data
    }
    output.append("\n\n")
  }

  /// A line that readers skip: shows that the stream lives.
  public static func comment(_ text: StaticString, into output: inout [UInt8]) {
    output.append(": ")
    output.append(text)
    output.append("\n\n")
  }
}
