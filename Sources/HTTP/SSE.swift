import Bytes

/// One server-sent event (HTML Standard §9.2).
public struct SSEEvent: Sendable, Equatable {
  /// The data lines, joined by line feeds: where it can be a part of the bytes that were fed, not a copy of them.
  public var data: ArraySlice<UInt8>
  /// Empty when the stream does not name it.
  public var event: String
  /// The last id that the stream has named.
  public var id: String?

  public init(data: ArraySlice<UInt8>, event: String = "", id: String? = nil) {
    self.data = data
    self.event = event
    self.id = id
  }
}

/// An event is larger than the reader accepts.
public struct SSETooLarge: Error, Sendable, Equatable {}

/// Reads an event stream from pieces of any size: LF, CR LF and CR end lines, a byte order mark in front is dropped,
/// comments are skipped, events without data are not given out. An event that the stream's end cuts off never happened.
public struct SSEDecoder: Sendable {
  private let eventBytesMax: Int
  /// The beginning of a line that is not all there.
  private var line: [UInt8] = []
  private var data: ArraySlice<UInt8> = []
  private var hasData = false
  private var event = ""
  private var lastID: String?
  /// A line feed that comes next belongs to the line end before it.
  private var endedInCR = false
  private var isFirstLine = true

  /// - Parameter eventBytesMax: bounds the data of one event together with the line that is being read.
  public init(eventBytesMax: Int = 16 * 1024 * 1024) { self.eventBytesMax = eventBytesMax }

  /// Takes the next piece; calls `onEvent` for each event that is complete with it. Throws ``SSETooLarge``, after which the
  /// stream is of no further use, and what `onEvent` throws.
  public mutating func feed(_ bytes: [UInt8], _ onEvent: (SSEEvent) throws -> Void) throws {
    guard let first = bytes.first else { return }
    var start = endedInCR && first == 0x0A ? 1 : 0
    endedInCR = false
    while let end = bytes.span.firstLineBreak(from: start) {
      try finishLine(with: bytes[start..<end], onEvent)
      start = end + 1
      guard bytes[end] == 0x0D else { continue }
      if start == bytes.count {
        endedInCR = true
      } else if bytes[start] == 0x0A {
        start += 1
      }
    }
    guard start < bytes.count else { return }
    try checkSize(bytes.count - start)
    line += bytes[start...]
  }

  private func checkSize(_ more: Int) throws {
    if line.count + data.count + more > eventBytesMax { throw SSETooLarge() }
  }

  private mutating func finishLine(with rest: ArraySlice<UInt8>, _ onEvent: (SSEEvent) throws -> Void) throws {
    try checkSize(rest.count)
    // As most lines come.
    if line.isEmpty, !isFirstLine { return try take(rest, onEvent) }
    var whole = line + rest
    line = []
    if isFirstLine {
      isFirstLine = false
      if whole.starts(with: [0xEF, 0xBB, 0xBF]) { whole.removeFirst(3) }
    }
    try take(whole[...], onEvent)
  }

  private mutating func take(_ line: ArraySlice<UInt8>, _ onEvent: (SSEEvent) throws -> Void) throws {
    if line.isEmpty { try dispatch(onEvent) } else { interpret(line) }
  }

  /// An empty line ends an event.
  private mutating func dispatch(_ onEvent: (SSEEvent) throws -> Void) throws {
    var (data, event) = (ArraySlice<UInt8>(), "")
    swap(&data, &self.data)
    swap(&event, &self.event)
    guard hasData else { return }
    hasData = false
    try onEvent(SSEEvent(data: data, event: event, id: lastID))
  }

  private mutating func interpret(_ line: ArraySlice<UInt8>) {
    let text = line.span
    let nameEnd = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
    var valueStart = min(nameEnd + 1, text.count)
    if valueStart < text.count, text[valueStart] == 0x20 { valueStart += 1 }
    let value = line[(line.startIndex + valueStart)...]
    switch nameEnd {
    case 4 where text.matches("data"):
      if hasData { data.append(0x0A) }
      hasData = true
      if data.isEmpty { data = value } else { data += value }
    case 5 where text.matches("event"): event = String(decoding: value, as: UTF8.self)
    case 2 where text.matches("id"): if !value.contains(0) { lastID = String(decoding: value, as: UTF8.self) }
    // Comments, `retry` (we reconnect by our own rules) and names of the future.
    default: break
    }
  }
}

/// Writes an event stream.
public enum SSEEncoder {
  /// - Parameters:
  ///   - data: each line end in it (CR, LF or both) starts a new data line.
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
    beginEvent(into: &output)
    var start = 0
    while let end = data.span.firstLineBreak(from: start) {
      output += data[start..<end]
      output.append("\ndata: ")
      let isPair = data[end] == 0x0D && end + 1 < data.count && data[end + 1] == 0x0A
      start = end + (isPair ? 2 : 1)
    }
    output += data[start...]
    endEvent(into: &output)
  }

  /// Begins the data of an event, which is written in place: one line, without any line end.
  public static func beginEvent(into output: inout [UInt8]) { output.append("data: ") }

  /// Ends an event behind its data.
  public static func endEvent(into output: inout [UInt8]) { output.append("\n\n") }

  /// A line that readers skip: shows that the stream lives.
  public static func comment(_ text: StaticString, into output: inout [UInt8]) {
    output.append(": ")
    output.append(text)
    output.append("\n\n")
  }
}
