import Bytes

/// One value, or one member's name, of a scanned document. Nodes stand in the order of the text: an array is followed by
/// its elements, an object by name, value, name, value…; ``next`` leads over a subtree. 16 bytes.
struct JSONTapeNode: Sendable {
  /// Of the first byte; of a string, behind the quote.
  var offset: UInt32
  /// In bytes; of a string, without its quotes.
  var length: UInt32
  /// The index behind this node and all that it holds.
  var next: UInt32
  /// Bits 0–2 the kind, bit 3 the flag, the rest the count.
  private var facts: UInt32

  @inline(__always)
  init(_ kind: JSONNode.Kind, offset: Int, end: Int, next: Int, flag: Bool = false) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    length = UInt32(truncatingIfNeeded: end &- offset)
    self.next = UInt32(truncatingIfNeeded: next)
    facts = UInt32(kind.rawValue) | (flag ? 8 : 0)
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

  /// Of members or elements.
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
  private let countMax: Int

  init(capacity: Int, countMax: Int) {
    self.capacity = min(capacity, countMax)
    self.countMax = countMax
    unsafe nodes = .allocate(capacity: self.capacity)
  }

  deinit { unsafe nodes.deallocate() }

  @inline(__always)
  subscript(_ index: Int) -> JSONTapeNode {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "beyond the tape")
    return unsafe nodes[index]
  }

  /// False, and nothing done, where the tape is as long as it may be.
  @inline(__always)
  mutating func append(_ node: JSONTapeNode) -> Bool {
    if count == capacity, !grow() { return false }
    // There is room by the line above; a node is plain bytes.
    unsafe nodes[count] = node
    count &+= 1
    return true
  }

  // What follows stays within the tape: it is asked of nodes that the scanner has appended, and what it follows from there
  // leads to nodes before `count`.

  // MARK: What is open

  /// Whether what is open is an object, and no array.
  @inline(__always)
  func isObject(_ open: Int) -> Bool { unsafe nodes[open].kind == .object }

  /// Counts one more member or element; returns how many there are.
  @inline(__always)
  mutating func countOne(in open: Int) -> Int {
    unsafe nodes[open].count &+= 1
    return unsafe nodes[open].count
  }

  /// Sets the bit of a name's digest. An object that is not closed yet has these bits in place of its length.
  ///
  /// - Returns: whether it was set. A name whose bit is free cannot be a duplicate.
  @inline(__always)
  mutating func note(_ digest: Int, in object: Int) -> Bool {
    let bit: UInt32 = 1 &<< UInt32(truncatingIfNeeded: digest)
    let seen = unsafe nodes[object].length
    unsafe nodes[object].length = seen | bit
    return seen & bit != 0
  }

  /// Flags an object whose new name stands there before, or could: that is checked when the object is closed.
  mutating func noteName(_ range: Range<Int>, isEscaped: Bool, in object: Int, _ bytes: Span<UInt8>) {
    if unsafe isEscaped || nodes[object].count > JSONNameCheck.comparedMax || holdsName(range, in: object, bytes) {
      unsafe nodes[object].flag = true
    }
  }

  private func holdsName(_ range: Range<Int>, in object: Int, _ bytes: Span<UInt8>) -> Bool {
    var name = object &+ 1
    while name < count {
      if unsafe bytes.areEqual(nodes[name].range, range) { return true }
      name = unsafe Int(nodes[name &+ 1].next)
    }
    return false
  }

  /// The array or object is whole.
  ///
  /// - Returns: the one around it, and whether it may have a name twice.
  @inline(__always)
  mutating func close(_ open: Int, end: Int) -> (around: Int, mayRepeat: Bool) {
    let node = unsafe nodes[open]
    unsafe nodes[open].length = UInt32(truncatingIfNeeded: end) &- node.offset
    unsafe nodes[open].next = UInt32(truncatingIfNeeded: count)
    unsafe nodes[open].flag = false
    return (Int(node.next), node.flag)
  }

  // MARK: Looking up

  /// The next name from `start` on, before `end`, that is as long as this or has escapes; nil if there is none.
  @inline(__always)
  func name(ofLength length: Int, from start: Int, before end: Int) -> Int? {
    var name = start
    while name < end {
      if unsafe Int(nodes[name].length) == length || nodes[name].flag { return name }
      name = unsafe Int(nodes[name &+ 1].next)
    }
    return nil
  }

  @inline(never)
  private mutating func grow() -> Bool {
    if capacity == countMax { return false }
    capacity = min(capacity * 2, countMax)
    let larger = UnsafeMutablePointer<JSONTapeNode>.allocate(capacity: capacity)
    unsafe larger.update(from: nodes, count: count)
    unsafe nodes.deallocate()
    unsafe nodes = larger
    return true
  }
}
