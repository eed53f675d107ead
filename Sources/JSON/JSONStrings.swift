import Bytes

/// Texts as ``JSONString`` has them, one behind the other in one block of memory: what streams in small pieces.
///
/// Two are equal if their texts are, and are escaped in the same way.
public struct JSONStrings: Sendable, Equatable {
  public private(set) var count = 0
  /// Each text behind its head: its length, and in the lowest bit whether it has escapes.
  private var bytes: [UInt8] = []

  private static let headBytes = MemoryLayout<UInt32>.size
  /// Room for what mostly comes behind a first text, if anything does.
  private static let grownBytes = 2048

  public init() {}

  public init(_ text: JSONString) { append(text) }

  public var isEmpty: Bool { count == 0 }

  /// Of all texts, still escaped.
  public var byteCount: Int { bytes.count - count * JSONStrings.headBytes }

  // MARK: Adding

  /// Adds a text at the end.
  public mutating func append(_ text: JSONString) { append(text.escaped.span, hasEscapes: text.hasEscapes) }

  /// Adds a text at the end.
  ///
  /// - Parameters:
  ///   - content: as ``JSONShape/content(in:at:)`` found it.
  ///   - text: the text that it was found in.
  public mutating func append(_ content: JSONShape.Content, in text: Span<UInt8>) {
    append(text.extracting(content.range), hasEscapes: content.hasEscapes)
  }

  private mutating func append(_ escaped: Span<UInt8>, hasEscapes: Bool) {
    precondition(escaped.count <= Int32.max, "a text is shorter than two gigabytes")
    if count == 1 { bytes.reserveCapacity(max(JSONStrings.grownBytes, 2 * bytes.count)) }
    let head = UInt32(escaped.count) << 1 | (hasEscapes ? 1 : 0)
    bytes.append(addingCapacity: JSONStrings.headBytes + escaped.count) { output in
      for shift in stride(from: 0, to: UInt32(JSONStrings.headBytes) * 8, by: 8) {
        output.append(UInt8(truncatingIfNeeded: head >> shift))
      }
      output.append(escaped)
    }
    count += 1
  }

  /// Gives memory back that was fetched for more texts.
  public mutating func trim() {
    if count > 1 { bytes = bytes.span.copied }
  }

  // MARK: Reading

  /// Lends each text, still escaped.
  public func forEachEscaped(_ body: (Span<UInt8>) -> Void) { forEach { escaped, _ in body(escaped) } }

  /// Lends the UTF-8 of each text.
  public func forEachUTF8(_ body: (Span<UInt8>) -> Void) {
    forEach { escaped, hasEscapes in
      guard hasEscapes else { return body(escaped) }
      let text = JSONText.unescaped(escaped)
      body(text.span)
    }
  }

  public func forEachText(_ body: (JSONString) -> Void) {
    forEach { body(JSONString(unchecked: $0.copied, hasEscapes: $1)) }
  }

  @inline(__always)
  func forEach(_ body: (_ escaped: Span<UInt8>, _ hasEscapes: Bool) -> Void) {
    let all = bytes.span
    var place = 0
    while place < all.count {
      let head = JSONStrings.head(in: all, at: place)
      let end = place + JSONStrings.headBytes + Int(head >> 1)
      body(all.extracting(place + JSONStrings.headBytes..<end), head & 1 != 0)
      place = end
    }
  }

  private static func head(in bytes: Span<UInt8>, at place: Int) -> UInt32 {
    // Any bits are a number; that they lie within is checked.
    UInt32(littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt32.self))
  }

  /// Some of the texts.
  public subscript(range: Range<Int>) -> JSONStrings {
    var some = JSONStrings()
    var index = 0
    forEach { escaped, hasEscapes in
      if range.contains(index) { some.append(escaped, hasEscapes: hasEscapes) }
      index += 1
    }
    some.trim()
    return some
  }
}

extension JSONString {
  /// The texts as one.
  public init(_ texts: JSONStrings) {
    self.init()
    append(texts)
  }
}
