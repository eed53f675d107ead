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

  /// Of an object that is not closed yet, which has no length: sets the bit of a name's digest.
  ///
  /// - Returns: whether it was set. A name whose bit is free cannot be a duplicate.
  @inline(__always)
  mutating func note(_ digest: Int) -> Bool {
    let bit: UInt32 = 1 &<< UInt32(truncatingIfNeeded: digest)
    defer { length |= bit }
    return length & bit != 0
  }

  /// An array or object is whole.
  @inline(__always)
  mutating func close(end: Int, next: Int) {
    length = UInt32(truncatingIfNeeded: end) &- offset
    self.next = UInt32(truncatingIfNeeded: next)
    flag = false
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
    get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "beyond the tape")
      return unsafe nodes[index]
    }
    set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "beyond the tape")
      unsafe nodes[index] = newValue
    }
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

  // The looks below stay within the tape: what they follow is written by the scanner alone, and leads to nodes before
  // `count`.

  /// Whether an object that is not closed yet has a name of these bytes.
  func holdsName(_ range: Range<Int>, in object: Int, _ bytes: Span<UInt8>) -> Bool {
    var name = object &+ 1
    while name < count {
      if unsafe bytes.areEqual(nodes[name].range, range) { return true }
      name = unsafe Int(nodes[name &+ 1].next)
    }
    return false
  }

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
