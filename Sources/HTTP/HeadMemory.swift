/// Memory of heads that nobody reads any more, for the next heads of the same loop: a head costs no fetch of memory, and a
/// connection that waits holds none.
@safe
public final class HeadMemory {
  private static let keptMax = 64
  /// A rare large head must not stay in memory for good.
  private static let keptBytesMax = 4 * 1024

  private let kept: UnsafeMutablePointer<[UInt8]>
  /// So many of the places hold something. Changed in single steps: overlaps cannot be.
  @exclusivity(unchecked) private var held = 0
  var count: Int { unsafe held }

  public init() { unsafe kept = .allocate(capacity: HeadMemory.keptMax) }

  deinit {
    unsafe kept.deinitialize(count: held)
    unsafe kept.deallocate()
  }

  /// Empty. Whoever still reads the head that was there keeps it: then the array takes other memory.
  func take() -> [UInt8] {
    guard unsafe held > 0 else { return [] }
    unsafe held -= 1
    // It holds something, as it was counted; it is moved out once.
    var bytes = unsafe (kept + held).move()
    bytes.removeAll(keepingCapacity: true)
    return bytes
  }

  func giveBack(_ bytes: consuming [UInt8]) {
    guard unsafe held < HeadMemory.keptMax, bytes.capacity <= HeadMemory.keptBytesMax else { return }
    // Free, as it is not counted.
    unsafe (kept + held).initialize(to: bytes)
    unsafe held += 1
  }

  /// Takes the memory of a head that was handled.
  public func giveBack(_ head: consuming HTTPResponseHead) { giveBack(head.fields.takeBytes()) }
}

extension HTTPRequestHead {
  /// To be called when nobody will read the head any more.
  public func giveBack(to memory: HeadMemory) { memory.giveBack(fields.bytes) }
}
