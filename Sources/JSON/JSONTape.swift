/// One value, or one member's name, of a scanned document. Nodes stand in the order of the text: an array is followed by
/// its elements, an object by name, value, name, value…; ``next`` leads over a subtree. 16 bytes.
struct JSONTapeNode: Sendable {
  /// Of the first byte; of a string, behind the quote.
  var offset: UInt32
  /// In bytes; of a string, without its quotes.
  var length: UInt32 = 0
  /// The index behind this node and all that it holds.
  var next: UInt32 = 0
  /// Bits 0–2 the kind, bit 3 the flag, the rest the count of members or elements.
  private var facts: UInt32

  init(_ kind: JSONNode.Kind, offset: Int, length: Int, next: Int, flag: Bool = false) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.length = UInt32(truncatingIfNeeded: length)
    self.next = UInt32(truncatingIfNeeded: next)
    facts = UInt32(kind.rawValue) | (flag ? 8 : 0)
  }

  var kind: JSONNode.Kind {
    switch facts & 7 {
    case 0: .null
    case 1: .bool
    case 2: .number
    case 3: .string
    case 4: .array
    default: .object
    }
  }

  /// Of a string: it holds escapes. Of a boolean: its value.
  var flag: Bool { facts & 8 != 0 }

  var count: Int {
    get { Int(facts >> 4) }
    set { facts = facts & 15 | UInt32(truncatingIfNeeded: newValue) << 4 }
  }

  var range: Range<Int> { Int(offset)..<Int(offset) + Int(length) }
}
