// Output buffers are plain `[UInt8]`; these append what protocols are made of.
extension Array where Element == UInt8 {
  /// Appends a literal.
  public mutating func append(_ text: StaticString) {
    precondition(text.hasPointerRepresentation)
    // A static string's bytes live as long as the program.
    unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends the UTF-8 of a string.
  public mutating func append(utf8 text: String) { append(contentsOf: text.utf8) }

  /// Appends a number in decimal digits.
  public mutating func append(decimal number: Int) { number.withDecimalDigits { append($0) } }
}

extension Int {
  /// Lends the number's decimal digits, a minus before them where it is negative.
  func withDecimalDigits(_ body: (Span<UInt8>) -> Void) {
    // The longest number has 19 digits and a minus; they come last one first.
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var first = digits.count
    var rest = magnitude
    repeat {
      first -= 1
      digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    if self < 0 {
      first -= 1
      digits[first] = UInt8(ascii: "-")
    }
    body(digits.span.extracting(first...))
  }
}

extension StaticString {
  /// The UTF-8 of a literal, copied.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(self)
    return bytes
  }
}

extension Array where Element == UInt8 {
  /// Appends the bytes of a span.
  public mutating func append(_ span: Span<UInt8>) {
    // The pointer is used within the closure only.
    unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}

extension Span where Element == UInt8 {
  /// The bytes as text; what is not UTF-8 is replaced.
  public var text: String {
    // The pointer is used within the closure only.
    unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes, copied.
  public var copied: [UInt8] {
    // The pointer is used within the closure only.
    unsafe withUnsafeBufferPointer { unsafe Array($0) }
  }
}
