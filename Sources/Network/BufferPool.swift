internal import Bytes

/// Emptied buffers of one loop for the next connection that needs one: a connection holds a buffer only while bytes wait
/// in it, so that idle ones cost next to nothing.
@safe
final class BufferPool {
  /// What a buffer has room for: one read, and what one turn mostly writes.
  static let bufferBytes = 16 * 1024
  private static let buffersMax = 64
  /// Buffers that have grown beyond this are freed: a rare large body must not stay in memory for good.
  private static let keptBytesMax = 64 * 1024

  private let buffers = Ring<ByteBuffer>()
  private let blocks = unsafe Ring<UnsafeMutablePointer<UInt8>>()

  deinit { while let block = unsafe blocks.popLast() { unsafe block.deallocate() } }

  func take() -> ByteBuffer { buffers.popLast() ?? ByteBuffer(capacity: BufferPool.bufferBytes) }

  func giveBack(_ buffer: consuming ByteBuffer) {
    guard (BufferPool.bufferBytes...BufferPool.keptBytesMax).contains(buffer.capacity),
      buffers.count < BufferPool.buffersMax
    else { return }
    buffer.clear(keepingCapacity: true)
    buffers.append(buffer)
  }

  /// Memory for `bufferBytes` bytes, which is to be given back.
  func takeBlock() -> UnsafeMutablePointer<UInt8> {
    unsafe blocks.popLast() ?? .allocate(capacity: BufferPool.bufferBytes)
  }

  func giveBack(block: UnsafeMutablePointer<UInt8>) {
    guard unsafe blocks.count < BufferPool.buffersMax else { return unsafe block.deallocate() }
    unsafe blocks.append(block)
  }
}
