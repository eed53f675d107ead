import Bytes

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
/// comments are skipped, events without data are not given out. An event that the stream's end cuts off never happened.
public struct SSEDecoder: Sendable {
  private let eventBytesMax: Int
  /// The beginning of a line that is not all there.
  private var line: [UInt8] = []
  /// Of the event that is being read, but for a line that is lent.
  private var data: [UInt8] = []
  private var hasData = false
  private var event = ""
  private var lastID: String?
  /// A line feed that comes next belongs to the line end before it.
  private var endedInCR = false
  private var isFirstLine = true

  /// Hears of an event: its data, its name and the last id, as in ``SSEEvent``.
  public typealias OnEvent = (_ data: Span<UInt8>, _ event: String, _ id: String?) throws -> Void

  /// - Parameter eventBytesMax: bounds the data of one event together with the line that is being read.
  public init(eventBytesMax: Int = 16 * 1024 * 1024) { self.eventBytesMax = eventBytesMax }

  /// Takes the next piece; calls `onEvent` for each event that is complete with it. Throws ``SSETooLarge``, after which the
  /// stream is of no further use, and what `onEvent` throws.
  public mutating func feed(_ bytes: [UInt8], _ onEvent: (SSEEvent) throws -> Void) throws {
    try feed(bytes.span) { try onEvent(SSEEvent(data: $0.copied, event: $1, id: $2)) }
  }

  /// The same, where the events are only looked at: their data is lent, and mostly not copied.
  public mutating func feed(_ piece: Span<UInt8>, _ onEvent: OnEvent) throws {
    guard !piece.isEmpty else { return }
    var start = endedInCR && piece[0] == 0x0A ? 1 : 0
    endedInCR = false
    // Where the only data line so far of the event lies that is being read: it is copied where the event has more of them,
    // or does not end in this piece.
    var lent = 0..<0
    while let end = piece.firstLineBreak(from: start) {
      try finishLine(start..<end, of: piece, &lent, onEvent)
      start = end + 1
      guard piece[end] == 0x0D else { continue }
      if start == piece.count {
        endedInCR = true
      } else if piece[start] == 0x0A {
        start += 1
      }
    }
    keep(&lent, of: piece)
    guard start < piece.count else { return }
    try checkSize(piece.count - start)
    line.append(piece.extracting(start...))
  }

  private func checkSize(_ more: Int) throws {
    if line.count + data.count + more > eventBytesMax { throw SSETooLarge() }
  }

  private mutating func keep(_ lent: inout Range<Int>, of piece: Span<UInt8>) {
    if !lent.isEmpty { data.append(piece.extracting(lent)) }
    lent = 0..<0
  }

  private mutating func finishLine(
    _ rest: Range<Int>, of piece: Span<UInt8>, _ lent: inout Range<Int>, _ onEvent: OnEvent
  ) throws {
    try checkSize(lent.count + rest.count)
    // As most lines come.
    if line.isEmpty, !isFirstLine {
      if rest.isEmpty { return try dispatch(&lent, of: piece, onEvent) }
      return interpret(piece.extracting(rest), at: rest.lowerBound, of: piece, &lent)
    }
    var whole: [UInt8] = []
    swap(&whole, &line)
    whole.append(piece.extracting(rest))
    if isFirstLine {
      isFirstLine = false
      if whole.starts(with: [0xEF, 0xBB, 0xBF]) { whole.removeFirst(3) }
    }
    if whole.isEmpty { return try dispatch(&lent, of: piece, onEvent) }
    interpret(whole.span, at: nil, of: piece, &lent)
  }

  /// An empty line ends an event.
  private mutating func dispatch(_ lent: inout Range<Int>, of piece: Span<UInt8>, _ onEvent: OnEvent) throws {
    var event = ""
    swap(&event, &self.event)
    guard hasData else { return }
    hasData = false
    if data.isEmpty {
      let data = piece.extracting(lent)
      lent = 0..<0
      try onEvent(data, event, lastID)
    } else {
      var data: [UInt8] = []
      swap(&data, &self.data)
      try onEvent(data.span, event, lastID)
    }
  }

  /// - Parameter place: of the line in the piece; nil where it does not lie there.
  private mutating func interpret(
    _ line: Span<UInt8>, at place: Int?, of piece: Span<UInt8>, _ lent: inout Range<Int>
  ) {
    let nameEnd = line.firstIndex(of: UInt8(ascii: ":")) ?? line.count
    var valueStart = min(nameEnd + 1, line.count)
    if valueStart < line.count, line[valueStart] == 0x20 { valueStart += 1 }
    let value = line.extracting(valueStart...)
    switch nameEnd {
    case 4 where line.matches("data"):
      if let place, !hasData {
        lent = place + valueStart..<place + line.count
      } else {
        keep(&lent, of: piece)
        if hasData { data.append(0x0A) }
        data.append(value)
      }
      hasData = true
    case 5 where line.matches("event"): event = value.text
    case 2 where line.matches("id"): if value.firstIndex(of: 0) == nil { lastID = value.text }
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
