/// One value, or one member's name, of a scanned document. Nodes stand in the order of the text: an array is followed by
/// its elements, an object by name, value, name, value…; ``next`` leads over a subtree. 16 bytes.
struct JSONTapeNode: Sendable {
  /// Of the first byte; of a string, behind the quote.
  var offset: UInt32
  /// In bytes; of a string, without its quotes.
  var length: UInt32 = 0
  /// The index behind this node and all that it holds.
  var next: UInt32 = 0
  /// Bits 0–2 the kind, bit 3 the flag, the rest the count.
  private var facts: UInt32

  @inline(__always)
  init(_ kind: JSONNode.Kind, offset: Int, length: Int, next: Int, flag: Bool = false, count: Int = 0) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.length = UInt32(truncatingIfNeeded: length)
    self.next = UInt32(truncatingIfNeeded: next)
    facts = UInt32(kind.rawValue) | (flag ? 8 : 0) | UInt32(truncatingIfNeeded: count) << 4
  }

  @inline(__always)
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
  @inline(__always)
  var flag: Bool {
    get { facts & 8 != 0 }
    set { facts = facts & ~8 | (newValue ? 8 : 0) }
  }

  /// Of members or elements; of a name, its digest (28 bits).
  @inline(__always)
  var count: Int {
    get { Int(facts >> 4) }
    set { facts = facts & 15 | UInt32(truncatingIfNeeded: newValue) << 4 }
  }

  var range: Range<Int> { Int(offset)..<Int(offset) + Int(length) }
}

/// The nodes of one document. Its memory is its own and not an array's: each of the many appends and looks would ask an
/// array anew whether it is shared.
///
/// @unchecked: nobody else holds the memory, and nothing writes to it once the document is made.
@safe
struct JSONTape: ~Copyable, @unchecked Sendable {
  private var nodes: UnsafeMutablePointer<JSONTapeNode>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int) {
    self.capacity = max(capacity, 1)
    unsafe nodes = .allocate(capacity: self.capacity)
  }

  deinit { unsafe nodes.deallocate() }

  @inline(__always)
  subscript(_ index: Int) -> JSONTapeNode {
    get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "beyond the tape")
      return unsafe nodes[index]
    }
    set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "beyond the tape")
      unsafe nodes[index] = newValue
    }
  }

  @inline(__always)
  mutating func append(_ node: JSONTapeNode) {
    if count == capacity { grow() }
    // There is room by the line above; a node is plain bytes.
    unsafe nodes[count] = node
    count += 1
  }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutablePointer<JSONTapeNode>.allocate(capacity: capacity * 2)
    unsafe larger.update(from: nodes, count: count)
    unsafe nodes.deallocate()
    unsafe nodes = larger
    capacity *= 2
  }
}
