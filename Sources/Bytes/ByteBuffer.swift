/// A contiguous queue of bytes in memory of its own: read from a socket into its end, parsed from its front. Grows by
/// doubling; consumed space is reclaimed by moving what is left.
@safe
// @unchecked: the memory has one owner, the value, which cannot be copied.
public struct ByteBuffer: ~Copyable, @unchecked Sendable {
  private var memory: UnsafeMutablePointer<UInt8>?
  public private(set) var capacity: Int
  private var start = 0
  private var end = 0

  public init(capacity: Int = 0) {
    self.capacity = capacity
    unsafe memory = capacity > 0 ? .allocate(capacity: capacity) : nil
  }

  deinit { unsafe memory?.deallocate() }

  public var count: Int { end - start }
  public var isEmpty: Bool { start == end }

  /// A byte by its distance from the front.
  public subscript(_ offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < count, "offset beyond the readable bytes")
    // Readable bytes are initialised, and there are some.
    return unsafe memory.unsafelyUnwrapped[start + offset]
  }

  public mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  public mutating func append(_ bytes: ArraySlice<UInt8>) { append(bytes.span) }

  public mutating func append(_ text: StaticString) { append(text.bytes) }

  public mutating func append(utf8 text: String) { append(text.utf8Span.span) }

  public mutating func append(_ bytes: Span<UInt8>) { append(bytesMax: bytes.count) { $0.append(bytes) } }

  /// Has `body` write at most `bytesMax` bytes behind the last one; returns how many it has written.
  @discardableResult
  public mutating func append(bytesMax: Int, _ body: (inout OutputSpan<UInt8>) -> Void) -> Int {
    reserve(bytesMax)
    guard let memory = unsafe memory else { return 0 }
    // The room behind the last byte is this buffer's own, and nobody else has it while `body` runs.
    let room = unsafe UnsafeMutableBufferPointer(start: memory + end, count: capacity - end)
    var output = unsafe OutputSpan(buffer: room, initializedCount: 0)
    body(&output)
    let written = unsafe output.finalize(for: room)
    end += written
    return written
  }

  /// Drops bytes from the front.
  public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "consuming more than is there")
    start += count
    if start == end {
      start = 0
      end = 0
    }
  }

  /// Takes bytes from the front.
  public mutating func take(_ count: Int) -> [UInt8] {
    let bytes = copy(0..<count)
    consume(count)
    return bytes
  }

  /// Moves bytes nearer to the front, over those that lie there.
  public mutating func move(_ range: Range<Int>, to offset: Int) {
    precondition(offset >= 0 && offset <= range.lowerBound && range.upperBound <= count, "a move beyond the bytes")
    guard offset < range.lowerBound, let memory = unsafe memory else { return }
    // Both lie within the readable bytes; they may overlap.
    unsafe (memory + start + offset).update(from: memory + start + range.lowerBound, count: range.count)
  }

  /// Drops bytes from the middle: the fewer of those before and behind them move up.
  public mutating func remove(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range beyond the readable bytes")
    let behind = count - range.upperBound
    if behind <= range.lowerBound {
      move(range.upperBound..<count, to: range.lowerBound)
      end -= range.count
      if start == end { (start, end) = (0, 0) }
    } else {
      if range.lowerBound > 0, let memory = unsafe memory {
        // Both lie within the readable bytes; they may overlap.
        unsafe (memory + start + range.count).update(from: memory + start, count: range.lowerBound)
      }
      consume(range.count)
    }
  }

  /// The bytes at these distances from the front.
  public func copy(_ range: Range<Int>) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range beyond the readable bytes")
    return unsafe Array(UnsafeBufferPointer(rebasing: readable[range]))
  }

  /// Lends the readable bytes.
  public func withBytes<Result: ~Copyable, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Result)
    throws(Failure)
    -> Result
  {
    let bytes = unsafe readable
    // The memory stays as it is while `body` has it.
    return try body(unsafe bytes.span)
  }

  /// Lends the readable bytes to a call into the system.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    unsafe body(UnsafeRawBufferPointer(readable))
  }

  /// Lends at least `minimum` writable bytes behind the last readable one; `body` returns how many it wrote.
  public mutating func withWritableBytes<Failure: Error>(
    minimum: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    reserve(minimum)
    let room = capacity - end
    // This buffer's own, behind all that is readable.
    let written = unsafe try body(UnsafeMutableRawBufferPointer(start: memory.map { unsafe $0 + end }, count: room))
    precondition(written >= 0 && written <= room, "more bytes reported than lent")
    end += written
    return written
  }

  /// Drops all bytes; without `keepingCapacity` the memory too.
  public mutating func clear(keepingCapacity: Bool) {
    start = 0
    end = 0
    guard !keepingCapacity else { return }
    unsafe memory?.deallocate()
    unsafe memory = nil
    capacity = 0
  }

  /// Bytes that fit behind the last one as things are.
  public var freeCapacity: Int { capacity - end }

  private var readable: UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(start: memory.map { unsafe $0 + start }, count: count)
  }

  private mutating func reserve(_ count: Int) { if capacity - end < count { makeRoom(count) } }

  @inline(never)
  private mutating func makeRoom(_ needed: Int) {
    let held = count
    var target = unsafe memory
    if capacity - held < needed {
      capacity = max(capacity * 2, held + needed, 256)
      unsafe target = .allocate(capacity: capacity)
    }
    // Within both; the two overlap where the bytes stay in their memory.
    if held > 0, let target = unsafe target, let memory = unsafe memory {
      unsafe target.update(from: memory + start, count: held)
    }
    if unsafe target != memory { unsafe memory?.deallocate() }
    unsafe memory = target
    start = 0
    end = held
  }
}
