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

  /// How many bytes of the body stand at the front of the input now; they are to be taken from there before anything else.
  enum Output {
    /// At least one. More will come.
    case bytes(Int)
    /// The last bytes, if any: a body of known length ends with its last byte.
    case end(Int)
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
    switch state {
    case .length(let remaining):
      guard !input.isEmpty else { return nil }
      let count = min(remaining, input.count)
      try receive(count)
      state = count == remaining ? .done : .length(remaining: remaining - count)
      return count == remaining ? .end(count) : .bytes(count)
    case .untilClose:
      guard !input.isEmpty else { return nil }
      try receive(input.count)
      return .bytes(input.count)
    case .chunkHead, .chunkData, .chunkEnd, .trailers: return try join(&input)
    case .done: return .end(0)
    }
  }

  private mutating func receive(_ bytes: Int) throws(HTTPParseError) {
    received += bytes
    guard received <= bytesMax else { throw tooLarge }
  }

  private var tooLarge: HTTPParseError {
    HTTPParseError(.bodyTooLarge, 413, "the body is larger than \(bytesMax) bytes")
  }

  // MARK: Chunks

  /// Moves what has come of the chunks together, at the front of the input, and drops what stands around it: who takes it
  /// takes it in one piece, however small the chunks are.
  private mutating func join(_ input: inout ByteBuffer) throws(HTTPParseError) -> Output? {
    var place = Place()
    do throws(HTTPParseError) {
      while try step(&input, &place) {}
    } catch {
      // What came before is still good; the error will be met again behind it.
      if place.joined == 0 { throw error }
    }
    input.remove(place.joined..<place.read)
    if case .done = state { return .end(place.joined) }
    return place.joined == 0 ? nil : .bytes(place.joined)
  }

  /// How far the input is read, and how many bytes of chunks stand at its front.
  private struct Place {
    var read = 0
    var joined = 0
  }

  /// False when there is no more to do.
  private mutating func step(_ input: inout ByteBuffer, _ place: inout Place) throws(HTTPParseError) -> Bool {
    switch state {
    case .chunkHead:
      guard let head = try chunkHead(input, from: place.read) else { return false }
      guard head.size <= bytesMax - received else { throw tooLarge }
      place.read = head.end
      state = head.size == 0 ? .trailers : .chunkData(remaining: head.size)
    case .chunkData(let remaining):
      if place.joined == 0 {
        // As all that comes in one chunk: it is at the front without a move.
        input.consume(place.read)
        place.read = 0
      }
      let count = min(remaining, input.count - place.read)
      guard count > 0 else { return false }
      input.move(place.read..<place.read + count, to: place.joined)
      place.read += count
      place.joined += count
      received += count
      state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
    case .chunkEnd:
      let waiting = input.count - place.read
      if waiting > 0, input[place.read] != 0x0D || waiting > 1 && input[place.read + 1] != 0x0A {
        throw HTTPBodyDecoder.badChunk("a chunk is longer than its size")
      }
      guard waiting > 1 else { return false }
      place.read += 2
      state = .chunkHead
    case .trailers: return try dropTrailerLine(input, &place)
    case .length, .untilClose, .done: return false
    }
    return true
  }

  /// The size of the chunk that begins, and where its data does; nil while the head is not all there.
  private func chunkHead(
    _ input: borrowing ByteBuffer, from start: Int
  ) throws(HTTPParseError) -> (size: Int, end: Int)? {
    let bytesMax = limits.chunkHeadBytesMax
    return try input.withBytes { bytes throws(HTTPParseError) -> (size: Int, end: Int)? in
      let head = bytes.extracting(start...)
      let end = try HTTPBodyDecoder.endOfLine(head, bytesMax: bytesMax, "the head of a chunk")
      guard let end else { return nil }
      return (try HTTPBodyDecoder.chunkSize(head.extracting(..<end)), start + end + 2)
    }
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

  /// Trailers are read and dropped: nothing here has a use for them. False behind the last one, and where more bytes are
  /// needed.
  private mutating func dropTrailerLine(
    _ input: borrowing ByteBuffer, _ place: inout Place
  ) throws(HTTPParseError) -> Bool {
    let (start, bytesMax) = (place.read, limits.trailerBytesMax - trailerBytes)
    let end = try input.withBytes { bytes throws(HTTPParseError) in
      try HTTPBodyDecoder.endOfLine(bytes.extracting(start...), bytesMax: bytesMax, "the trailer section")
    }
    guard let end else { return false }
    let line = input.copy(start..<start + end)
    if line.isEmpty {
      state = .done
    } else {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[..<colon].allSatisfy(ASCII.isToken),
        line[colon...].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
      else { throw HTTPBodyDecoder.badChunk("a trailer is not a field") }
    }
    trailerBytes += end + 2
    place.read += end + 2
    return !line.isEmpty
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
