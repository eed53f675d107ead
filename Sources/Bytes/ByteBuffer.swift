/// A contiguous queue of bytes: read from a socket into its end, parsed from its front. Grows by doubling; consumed space
/// is reclaimed by moving what is left.
public struct ByteBuffer: Sendable {
  /// Always initialised to its whole count, so that the writable part can be handed to a system call.
  private var storage: [UInt8]
  private var start = 0
  private var end = 0

  public init(capacity: Int = 0) { storage = [UInt8](repeating: 0, count: capacity) }

  public var count: Int { end - start }
  public var isEmpty: Bool { start == end }
  public var capacity: Int { storage.count }

  /// A byte by its distance from the front.
  public subscript(_ offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < count, "offset beyond the readable bytes")
    return storage[start + offset]
  }

  public mutating func append(_ bytes: [UInt8]) { append(bytes[...]) }

  public mutating func append(_ bytes: ArraySlice<UInt8>) {
    reserve(bytes.count)
    storage.replaceSubrange(end..<end + bytes.count, with: bytes)
    end += bytes.count
  }

  public mutating func append(_ text: StaticString) { append(text.bytes) }

  public mutating func append(utf8 text: String) { append(Array(text.utf8)) }

  /// Drops bytes from the front.
  public mutating func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "consuming more than is there")
    start += count
    if start == end {
      start = 0
      end = 0
    }
  }

  /// The bytes at these distances from the front.
  ///
  /// - Parameter room: for bytes that will be added to the copy.
  public func copy(_ range: Range<Int>, room: Int = 0) -> [UInt8] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range beyond the readable bytes")
    let bytes = storage.span.extracting(start + range.lowerBound..<start + range.upperBound)
    if room == 0 { return bytes.copied }
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count + room)
    copy.append(bytes)
    return copy
  }

  /// Lends the readable bytes.
  public func withBytes<Result, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    try body(storage.span.extracting(start..<end))
  }

  /// Lends at least `minimum` writable bytes behind the last readable one; `body` returns how many it wrote.
  public mutating func withWritableBytes<Failure: Error>(
    minimum: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    reserve(minimum)
    let from = end
    var result: Swift.Result<Int, Failure> = .success(0)
    // The pointer covers initialised elements of `storage` only and does not leave the closure.
    unsafe storage.withUnsafeMutableBytes { bytes in
      do throws(Failure) {
        result = .success(unsafe try body(UnsafeMutableRawBufferPointer(rebasing: bytes[from...])))
      } catch {
        result = .failure(error)
      }
    }
    let written = try result.get()
    precondition(written >= 0 && written <= storage.count - end, "more bytes reported than lent")
    end += written
    return written
  }

  /// Drops all bytes; without `keepingCapacity` the memory too.
  public mutating func clear(keepingCapacity: Bool) {
    start = 0
    end = 0
    if !keepingCapacity { storage = [] }
  }

  private mutating func reserve(_ count: Int) {
    if storage.count - end >= count { return }
    if storage.count - self.count >= count, start > 0 {
      storage.replaceSubrange(0..<self.count, with: Array(storage[start..<end]))
    } else {
      var larger = [UInt8]()
      let size = max(storage.count * 2, self.count + count, 256)
      larger.reserveCapacity(size)
      larger.append(contentsOf: storage[start..<end])
      larger.append(contentsOf: repeatElement(0, count: size - larger.count))
      storage = larger
    }
    end -= start
    start = 0
  }
}
