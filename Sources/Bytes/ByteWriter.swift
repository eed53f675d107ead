/// Bytes under construction, in memory of their own: unlike an array, an append asks for room only and never whether
/// somebody else looks at the same bytes. Grows by doubling.
@safe
public struct ByteWriter: ~Copyable {
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  public private(set) var count = 0

  /// - Parameter capacity: bytes that will probably be written.
  public init(capacity: Int) {
    self.capacity = max(capacity, 16)
    unsafe memory = .allocate(capacity: self.capacity)
  }

  deinit { unsafe memory.deallocate() }

  /// The byte written last; nil before the first one.
  @inline(__always)
  public var last: UInt8? { count == 0 ? nil : unsafe memory[count - 1] }

  @inline(__always)
  public mutating func append(_ byte: UInt8) {
    if count == capacity { grow(by: 1) }
    // There is room by the line above.
    unsafe memory[count] = byte
    count += 1
  }

  @inline(__always)
  public mutating func append(_ text: StaticString) {
    precondition(text.hasPointerRepresentation)
    // A static string's bytes live as long as the program.
    unsafe append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  @inline(__always)
  public mutating func append(_ bytes: Span<UInt8>) {
    // The pointer is used within the closure only.
    unsafe bytes.withUnsafeBufferPointer { unsafe append($0) }
  }

  @inline(__always)
  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    if capacity - count < bytes.count { grow(by: bytes.count) }
    guard let source = bytes.baseAddress else { return }
    // There is room by the line above; nobody else knows the memory, so the two do not overlap.
    unsafe (memory + count).update(from: source, count: bytes.count)
    count += bytes.count
  }

  /// Appends a number in decimal digits.
  public mutating func append(decimal number: Int) { number.withDecimalDigits { append($0) } }

  /// Appends a byte as two hexadecimal digits.
  public mutating func append(hex byte: UInt8) {
    append(Hex.digits[Int(byte >> 4)])
    append(Hex.digits[Int(byte & 15)])
  }

  @inline(never)
  private mutating func grow(by needed: Int) {
    capacity = max(capacity * 2, count + needed)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    unsafe larger.update(from: memory, count: count)
    unsafe memory.deallocate()
    unsafe memory = larger
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
