/// Bytes under construction, in memory of their own: unlike an array, an append asks for room only and never whether
/// somebody else looks at the same bytes. Grows by doubling.
@safe
public struct ByteWriter: ~Copyable {
  @usableFromInline var memory: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  @usableFromInline var written = 0
  @inlinable public var count: Int { written }

  /// - Parameter capacity: bytes that will probably be written.
  public init(capacity: Int) {
    self.capacity = max(capacity, 16)
    unsafe memory = .allocate(capacity: self.capacity)
  }

  deinit { unsafe memory.deallocate() }

  /// The byte written last; nil before the first one.
  @inlinable @inline(__always)
  public var last: UInt8? { count == 0 ? nil : unsafe memory[count - 1] }

  @inlinable @inline(__always)
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    // There is room by the line above.
    unsafe put(byte)
  }

  @inlinable @inline(__always)
  public mutating func append(_ text: StaticString) {
    reserve(text.utf8CodeUnitCount)
    // There is room by the line above.
    unsafe put(text)
  }

  @inlinable @inline(__always)
  public mutating func append(_ bytes: Span<UInt8>) {
    reserve(bytes.count)
    // There is room by the line above.
    unsafe put(bytes)
  }

  // MARK: Several pieces at once

  /// Makes room for as many bytes more, all of which may then be put without asking again.
  @inlinable @inline(__always)
  public mutating func reserve(_ bytes: Int) { if capacity - count < bytes { grow(by: bytes) } }

  /// Appends where there is room, as the caller knows.
  @inlinable @inline(__always) @unsafe
  public mutating func put(_ byte: UInt8) {
    assert(count < capacity)
    unsafe memory[count] = byte
    written &+= 1
  }

  /// As ``put(_:)-(UInt8)``.
  @inlinable @inline(__always) @unsafe
  public mutating func put(_ text: StaticString) {
    precondition(text.hasPointerRepresentation)
    // A static string's bytes live as long as the program.
    unsafe put(text.utf8Start, text.utf8CodeUnitCount)
  }

  /// As ``put(_:)-(UInt8)``.
  @inlinable @inline(__always) @unsafe
  public mutating func put(_ bytes: Span<UInt8>) {
    // The pointer is used within the closure only.
    unsafe bytes.withUnsafeBufferPointer { bytes in
      if let start = bytes.baseAddress { unsafe put(start, bytes.count) }
    }
  }

  /// Nobody else knows the memory, so that the two do not overlap.
  @inlinable @inline(__always)
  mutating func put(_ bytes: UnsafePointer<UInt8>, _ number: Int) {
    assert(capacity - count >= number)
    unsafe (memory + count).initialize(from: bytes, count: number)
    written &+= number
  }

  /// Appends the eight bytes of a number, the lowest first.
  @inlinable @inline(__always)
  public mutating func append(littleEndian number: UInt64) {
    reserve(8)
    // There is room by the line above.
    unsafe UnsafeMutableRawPointer(memory + count).storeBytes(of: number.littleEndian, as: UInt64.self)
    written &+= 8
  }

  /// Appends a number in decimal digits.
  public mutating func append(decimal number: Int) { number.withDecimalDigits { append($0) } }

  /// Appends a byte as two hexadecimal digits.
  public mutating func append(hex byte: UInt8) {
    append(Hex.digits[Int(byte >> 4)])
    append(Hex.digits[Int(byte & 15)])
  }

  @usableFromInline @inline(never)
  mutating func grow(by needed: Int) {
    capacity = max(capacity * 2, count + needed)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    unsafe larger.update(from: memory, count: count)
    unsafe memory.deallocate()
    unsafe memory = larger
  }

  /// Lends what was written.
  @inlinable
  public borrowing func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    // The memory lives until this function ends.
    body(unsafe UnsafeBufferPointer(start: memory, count: written).span)
  }

  /// Begins anew in the same memory, or in as little as this where it has grown beyond it.
  public mutating func clear(keepingAtMost bytesMax: Int) {
    written = 0
    if capacity > bytesMax { self = ByteWriter(capacity: bytesMax) }
  }

  /// The bytes as an array.
  ///
  /// - Parameter room: bytes that the caller will append to it.
  public consuming func finish(room: Int = 0) -> [UInt8] {
    // The memory lives until this function ends.
    let written = unsafe UnsafeBufferPointer(start: memory, count: count)
    if room == 0 { return unsafe [UInt8](written) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + room)
    unsafe bytes.append(contentsOf: written)
    return bytes
  }
}
