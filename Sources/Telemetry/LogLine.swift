import Bytes

/// A value in a log line. Text is cut to ``LogLine/valueBytesMax`` and escaped, so nothing a caller sends can forge a
/// line or drive a terminal.
public enum LogValue: Sendable, Equatable {
  case string(String)
  case int(Int)
  case double(Double)
  case bool(Bool)
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// One JSON object on one line, built by appending members to bytes that the owner reuses.
///
/// Lines are bounded: a value is cut at ``valueBytesMax``, and members that would take the line beyond ``lineBytesMax``
/// are left out, which the line then says with `"truncated":true`.
public struct LogLine: Sendable {
  /// Bytes of one text value before escaping.
  public static let valueBytesMax = 2048
  /// Bytes of one line, without the closing marker.
  public static let lineBytesMax = 16_384

  /// What has been written so far; the owner may keep earlier lines before this one.
  public private(set) var bytes: [UInt8]
  private var start = 0
  private var isTruncated = false

  public init(reserving capacity: Int = 512) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Opens an object after whatever the buffer holds.
  public mutating func begin() {
    start = bytes.count
    isTruncated = false
    bytes.append(UInt8(ascii: "{"))
  }

  /// Closes the object and the line.
  public mutating func end() {
    if isTruncated {
      separate()
      bytes.append(contentsOf: Array("\"truncated\":true".utf8))
    }
    bytes.append(UInt8(ascii: "}"))
    bytes.append(0x0A)
  }

  /// Forgets all lines and keeps the memory.
  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Members that were encoded before (`"a":1,"b":2`), as ``LogLine/members(_:)`` makes them.
  mutating func append(members: [UInt8]) {
    guard !members.isEmpty else { return }
    separate()
    bytes.append(contentsOf: members)
  }

  /// The encoding of some fields, to be put into many lines.
  static func members(_ fields: KeyValuePairs<String, LogValue>) -> [UInt8] {
    var line = LogLine(reserving: 128)
    line.begin()
    for (name, value) in fields { line.field(named: name, value) }
    return Array(line.bytes.dropFirst())
  }

  public mutating func field(_ name: StaticString, _ value: StaticString) {
    guard key(name) else { return }
    value.withUTF8Buffer { unsafe Self.append(escaping: $0, limit: Self.valueBytesMax, to: &bytes) }
  }

  public mutating func field(_ name: StaticString, _ value: String) {
    guard key(name) else { return }
    string(value)
  }

  public mutating func field(_ name: StaticString, _ value: Int) {
    guard key(name) else { return }
    bytes.append(decimal: value)
  }

  public mutating func field(_ name: StaticString, _ value: Bool) {
    guard key(name) else { return }
    bytes.append(value ? "true" : "false")
  }

  /// Text that is UTF-8 already; invalid bytes become U+FFFD.
  public mutating func field(_ name: StaticString, utf8 value: [UInt8]) {
    guard key(name) else { return }
    string(String(decoding: value.prefix(Self.valueBytesMax + 4), as: UTF8.self))
  }

  /// A duration in milliseconds with three decimals, from whole nanoseconds.
  public mutating func field(_ name: StaticString, millisecondsOfNanoseconds nanoseconds: UInt64) {
    guard key(name) else { return }
    let microseconds = nanoseconds / 1000
    bytes.append(decimal: Int(microseconds / 1000))
    let rest = Int(microseconds % 1000)
    bytes.append(UInt8(ascii: "."))
    bytes.append(UInt8(ascii: "0") + UInt8(rest / 100))
    bytes.append(UInt8(ascii: "0") + UInt8(rest / 10 % 10))
    bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
  }

  public mutating func field(named name: String, _ value: LogValue) {
    guard hasRoom() else { return }
    separate()
    string(name)
    bytes.append(UInt8(ascii: ":"))
    switch value {
    case .string(let text): string(text)
    case .int(let number): bytes.append(decimal: number)
    case .bool(let flag): bytes.append(flag ? "true" : "false")
    case .double(let number):
      // JSON has no infinities; a reader still wants to see that there was one.
      if number.isFinite { bytes.append(utf8: number.description) } else { string(number.description) }
    }
  }

  /// The time of the line, `2026-11-21T02:42:25.596Z`.
  mutating func time(_ clock: inout LogTime, milliseconds: Int64) {
    bytes.append("\"time\":\"")
    clock.append(milliseconds: milliseconds, to: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func hasRoom() -> Bool {
    guard bytes.count - start < Self.lineBytesMax - Self.valueBytesMax else {
      isTruncated = true
      return false
    }
    return true
  }

  private mutating func key(_ name: StaticString) -> Bool {
    guard hasRoom() else { return false }
    separate()
    name.withUTF8Buffer { unsafe Self.append(escaping: $0, limit: Self.valueBytesMax, to: &bytes) }
    bytes.append(UInt8(ascii: ":"))
    return true
  }

  private mutating func separate() {
    if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func string(_ text: String) {
    var text = text
    text.withUTF8 { unsafe Self.append(escaping: $0, limit: Self.valueBytesMax, to: &bytes) }
  }

  /// Appends a JSON string. C0, DEL and C1 are escaped (C1 moves the cursor of some terminals); longer text is cut at a
  /// character and ends in an ellipsis.
  private static func append(escaping text: UnsafeBufferPointer<UInt8>, limit: Int, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var end = text.count
    if end > limit {
      end = limit
      // The bytes are valid UTF-8: step back over continuation bytes to the start of the character that is cut.
      while end > 0, unsafe text[end] & 0xC0 == 0x80 { end -= 1 }
    }
    // Bytes of a run that stands for itself are copied together. All indices stay below `end`, which is at most the count
    // of the buffer; the lead byte of valid UTF-8 is never the last one before `end`.
    var runStart = 0
    var index = 0
    while index < end {
      let byte = unsafe text[index]
      let isC1 = unsafe byte == 0xC2 && text[index + 1] < 0xA0
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F || isC1 else {
        index += 1
        continue
      }
      unsafe bytes.append(contentsOf: text[runStart..<index])
      escape(isC1 ? unsafe text[index + 1] : byte, &bytes)
      index += isC1 ? 2 : 1
      runStart = index
    }
    unsafe bytes.append(contentsOf: text[runStart..<end])
    if end < text.count { bytes.append("…") }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func escape(_ scalar: UInt8, _ bytes: inout [UInt8]) {
    switch scalar {
    case UInt8(ascii: "\""): bytes.append("\\\"")
    case UInt8(ascii: "\\"): bytes.append("\\\\")
    case 0x0A: bytes.append("\\n")
    case 0x09: bytes.append("\\t")
    case 0x0D: bytes.append("\\r")
    default:
      bytes.append("\\u00")
      for digit in [scalar >> 4, scalar & 15] {
        bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}
