/// A row of values in memory of its own, for what a loop does in every turn: of an array that is a class's variable each
/// change asks whether somebody else holds it, and whether somebody else is changing it.
@safe
final class Ring<Element: ~Copyable> {
  private var memory: UnsafeMutablePointer<Element>
  /// A power of two, so that places wrap around by their lowest bits.
  private var capacity: Int
  private var first = 0
  private(set) var count = 0

  init() {
    capacity = 16
    unsafe memory = .allocate(capacity: capacity)
  }

  deinit {
    removeAll()
    unsafe memory.deallocate()
  }

  func append(_ element: consuming Element) {
    if count == capacity { grow() }
    // Free, by the line above.
    unsafe (memory + place(count)).initialize(to: element)
    count += 1
  }

  func popFirst() -> Element? {
    guard count > 0 else { return nil }
    // Holds an element as long as it is counted; it is moved out once.
    let element = unsafe (memory + first).move()
    first = place(1)
    count -= 1
    return element
  }

  func popLast() -> Element? {
    guard count > 0 else { return nil }
    count -= 1
    // As above.
    return unsafe (memory + place(count)).move()
  }

  func removeAll() { while count > 0 { _ = popLast() } }

  /// An element by its distance from the first one.
  subscript(_ distance: Int) -> Element {
    _read {
      precondition(distance >= 0 && distance < count, "there is no such element")
      // Holds an element, as it is counted.
      yield unsafe memory[place(distance)]
    }
    _modify {
      precondition(distance >= 0 && distance < count, "there is no such element")
      // As above.
      yield unsafe &memory[place(distance)]
    }
  }

  /// Where the element at a distance from the first one lies.
  private func place(_ distance: Int) -> Int { (first &+ distance) & (capacity &- 1) }

  private func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
    // All places hold elements: those from the first one to the end of the memory, then those before it.
    unsafe larger.moveInitialize(from: memory + first, count: capacity - first)
    unsafe (larger + capacity - first).moveInitialize(from: memory, count: first)
    unsafe memory.deallocate()
    unsafe memory = larger
    capacity *= 2
    first = 0
  }
}
