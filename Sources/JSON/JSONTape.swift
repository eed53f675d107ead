/// One value, or one member name, of a scanned text. The tape holds them in text order; a container is followed by its
/// contents, an object's as name, value, name, value.
struct TapeEntry {
  enum Kind: UInt8 {
    case null
    case bool
    case number
    case string
    case array
    case object
    case name
  }

  /// Of the value's first byte; for strings and names, of the byte after the quote.
  var start: UInt32
  /// Behind the value's last byte; for strings and names, of the closing quote.
  var end: UInt32
  /// Index of the entry after this value and its contents.
  var next: UInt32
  var kind: Kind
  var hasEscapes: Bool
}
