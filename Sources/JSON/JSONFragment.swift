import Bytes

/// One valid JSON value as its own text. Never holds a raw carriage return or line feed, so it fits into one line.
///
/// Two are equal if their texts are the same byte by byte.
public struct JSONFragment: Sendable, Hashable {
  public let bytes: [UInt8]

  /// - Parameter bytes: one valid value without space around it and without line breaks.
  init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  public init(_ value: JSONValue) {
    var writer = JSONWriter()
    writer.value(value)
    self.init(unchecked: writer.finish())
  }

  /// Writes a value. `body` must write exactly one; nothing checks it.
  public init(writing body: (inout JSONWriter) -> Void) {
    var writer = JSONWriter(reserving: 128)
    body(&writer)
    self.init(unchecked: writer.finish())
  }

  /// Takes a text that holds one value, with space around it or not.
  public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONFragment {
    try JSONDocument.parse(bytes, limits: limits).root.fragment
  }

  /// An object of one member.
  public static func object(_ name: String, _ value: JSONFragment) -> JSONFragment {
    var writer = JSONWriter(reserving: name.utf8.count + value.bytes.count + 8)
    writer.beginObject()
    writer.key(string: name)
    writer.fragment(value)
    writer.endObject()
    return JSONFragment(unchecked: writer.finish())
  }

  /// An object with one member set: it stands last, in place of any other of its name.
  public func setting(_ name: String, to value: JSONFragment) -> JSONFragment {
    precondition(kind == .object, "members are set in objects")
    var writer = JSONWriter(reserving: bytes.count + name.utf8.count + value.bytes.count + 8)
    if mayHold(name) {
      writer.beginObject()
      document.root.forEachMember { key, old in
        guard !key.string.isSame(as: name) else { return }
        writer.key(string: key.string)
        writer.fragment(old.fragment)
      }
    } else {
      writer.unseparated(bytes.span.extracting(droppingLast: 1))
    }
    writer.key(string: name)
    writer.fragment(value)
    writer.endObject()
    return JSONFragment(unchecked: writer.finish())
  }

  /// False only where the text has no string that could be this name.
  private func mayHold(_ name: String) -> Bool {
    let (text, name) = (bytes.span, name.utf8Span.span)
    // A name may be written with escapes that it does not need.
    if text.firstIndex(of: JSONLexer.backslash) != nil { return true }
    var place = 0
    while let quote = text.firstIndex(of: JSONLexer.quote, from: place) {
      place = quote + 1
      if place + name.count < text.count, text[place + name.count] == JSONLexer.quote,
        text.extracting(place..<place + name.count).isSame(as: name)
      {
        return true
      }
    }
    return false
  }

  /// Scans the text again; cheap for the small values that this is made for.
  public var document: JSONDocument {
    do {
      return try JSONDocument.parse(bytes, limits: .none)
    } catch {
      preconditionFailure("a fragment is made only of valid JSON: \(error)")
    }
  }

  /// The value as a tree.
  public var value: JSONValue { document.root.value }

  public var kind: JSONNode.Kind {
    switch bytes[0] {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
    case UInt8(ascii: "n"): .null
    default: .number
    }
  }

  /// The same value without space between its tokens.
  static func compacted(_ text: Span<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte == JSONLexer.quote {
        let end = endOfString(text, from: index)
        bytes.append(text.extracting(index..<end))
        index = end
      } else {
        if byte > 0x20 { bytes.append(byte) }
        index += 1
      }
    }
    return bytes
  }

  /// The offset behind the string that starts here; the text is known to be valid.
  private static func endOfString(_ text: Span<UInt8>, from start: Int) -> Int {
    var index = start + 1
    while true {
      index = JSONLexer.endOfPlainContent(text, from: index, beyondASCII: false)
      if text[index] == JSONLexer.quote { return index + 1 }
      index += 2
    }
  }
}
