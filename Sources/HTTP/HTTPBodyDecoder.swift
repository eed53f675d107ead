import Bytes

/// The body of a message: by length, in chunks, or until the connection ends.
struct HTTPBodyDecoder: Sendable {
  enum Framing: Sendable {
    case length(Int)
    case chunked
    case untilClose
  }

  private enum State: Sendable {
    /// At least one byte.
    case length(remaining: Int)
    case chunkHead
    case chunkData(remaining: Int)
    case chunkEnd
    case trailers
    case untilClose
    case done
  }

  enum Output {
    /// More will come.
    case bytes([UInt8])
    /// The last bytes, if any: a body of known length ends with its last byte.
    case end([UInt8])
  }

  private var state = State.done
  private let limits: HTTPLimits
  private var bytesMax = 0
  private var received = 0
  private var trailerBytes = 0

  init(limits: HTTPLimits) { self.limits = limits }

  /// Begins the next message's body.
  mutating func begin(_ framing: Framing, bytesMax: Int) {
    self.bytesMax = bytesMax
    received = 0
    trailerBytes = 0
    state =
      switch framing {
      case .length(0): .done
      case .length(let length): .length(remaining: length)
      case .chunked: .chunkHead
      case .untilClose: .untilClose
      }
  }

  var lastsUntilClose: Bool { if case .untilClose = state { true } else { false } }

  /// nil: more bytes are needed.
  mutating func next(_ input: inout ByteBuffer) throws(HTTPParseError) -> Output? {
    while true {
      switch state {
      case .length(let remaining):
        guard let bytes = try take(remaining, &input) else { return nil }
        if bytes.count == remaining {
          state = .done
          return .end(bytes)
        }
        state = .length(remaining: remaining - bytes.count)
        return .bytes(bytes)
      case .untilClose: return try take(.max, &input).map(Output.bytes)
      case .chunkHead:
        guard let size = try chunkHead(&input) else { return nil }
        state = size == 0 ? .trailers : .chunkData(remaining: size)
      case .chunkData(let remaining):
        guard let bytes = try take(remaining, &input) else { return nil }
        state = bytes.count == remaining ? .chunkEnd : .chunkData(remaining: remaining - bytes.count)
        return .bytes(bytes)
      case .chunkEnd:
        guard input.count >= 2 else {
          if input.count == 1, input[0] != 0x0D { throw HTTPBodyDecoder.badChunk("a chunk is longer than its size") }
          return nil
        }
        guard input[0] == 0x0D, input[1] == 0x0A else {
          throw HTTPBodyDecoder.badChunk("a chunk is longer than its size")
        }
        input.consume(2)
        state = .chunkHead
      case .trailers:
        guard try dropTrailerLine(&input) else { return nil }
        if case .done = state { return .end([]) }
      case .done: return .end([])
      }
    }
  }

  private mutating func take(_ count: Int, _ input: inout ByteBuffer) throws(HTTPParseError) -> [UInt8]? {
    guard !input.isEmpty else { return nil }
    let bytes = input.copy(0..<min(count, input.count))
    received += bytes.count
    if received > bytesMax {
      throw HTTPParseError(.bodyTooLarge, 413, "the body is larger than \(bytesMax) bytes")
    }
    input.consume(bytes.count)
    return bytes
  }

  /// The size of the chunk that begins.
  private mutating func chunkHead(_ input: inout ByteBuffer) throws(HTTPParseError) -> Int? {
    let limits = limits
    let head = try input.withBytes { bytes throws(HTTPParseError) -> (size: Int, byteCount: Int)? in
      let end = try HTTPBodyDecoder.endOfLine(bytes, bytesMax: limits.chunkHeadBytesMax, "the head of a chunk")
      guard let end else { return nil }
      return (try HTTPBodyDecoder.chunkSize(bytes.extracting(..<end)), end + 2)
    }
    guard let head else { return nil }
    input.consume(head.byteCount)
    guard head.size <= bytesMax - received else {
      throw HTTPParseError(.bodyTooLarge, 413, "the body is larger than \(bytesMax) bytes")
    }
    return head.size
  }

  private static func chunkSize(_ line: Span<UInt8>) throws(HTTPParseError) -> Int {
    var size = 0
    var digits = 0
    while digits < line.count, let value = Hex.value(line[digits]) {
      digits += 1
      size = size << 4 | Int(value)
      // Fifteen digits fit; more can only be an attack.
      guard digits <= 15 else { throw badChunk("the size of a chunk is too large") }
    }
    guard digits > 0 else { throw badChunk("a chunk has no size") }
    // Extensions are ignored (RFC 9112 §7.1.1).
    let extensions = line.extracting(digits...)
    guard extensions.isEmpty || isExtension(extensions) else {
      throw badChunk("there is something behind the size of a chunk")
    }
    return size
  }

  /// A semicolon with space before it, then anything without control characters.
  private static func isExtension(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    guard index < bytes.count, bytes[index] == UInt8(ascii: ";") else { return false }
    return bytes.indices.allSatisfy { bytes[$0] >= 0x20 && bytes[$0] != 0x7F || bytes[$0] == 0x09 }
  }

  /// Trailers are read and dropped: nothing here has a use for them. False: more bytes are needed.
  private mutating func dropTrailerLine(_ input: inout ByteBuffer) throws(HTTPParseError) -> Bool {
    let bytesMax = limits.trailerBytesMax - trailerBytes
    let end = try input.withBytes { bytes throws(HTTPParseError) in
      try HTTPBodyDecoder.endOfLine(bytes, bytesMax: bytesMax, "the trailer section")
    }
    guard let end else { return false }
    let line = input.copy(0..<end)
    input.consume(end + 2)
    trailerBytes += line.count + 2
    if line.isEmpty {
      state = .done
      return true
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[..<colon].allSatisfy(ASCII.isToken),
      line[colon...].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
    else { throw HTTPBodyDecoder.badChunk("a trailer is not a field") }
    return true
  }

  /// Where the CR LF of the first line is; nil while it is not all there.
  private static func endOfLine(
    _ bytes: Span<UInt8>, bytesMax: Int, _ what: StaticString
  ) throws(HTTPParseError) -> Int? {
    let feed = bytes.firstIndex(of: 0x0A)
    guard (feed ?? bytes.count) <= bytesMax + 1 else { throw badChunk("\(what) is too long") }
    guard let feed else { return nil }
    guard feed > 0, bytes[feed - 1] == 0x0D else { throw badChunk("\(what) ends in a bare LF") }
    guard bytes.firstIndex(of: 0x0D) == feed - 1 else { throw badChunk("\(what) has a CR within") }
    return feed - 1
  }

  private static func badChunk(_ message: String) -> HTTPParseError { HTTPParseError(.badChunk, 400, message) }
}
