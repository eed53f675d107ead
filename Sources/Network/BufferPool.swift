internal import Bytes

/// Emptied buffers of one loop for the next connection that needs one: a connection holds a buffer only while bytes wait
/// in it, so that idle ones cost next to nothing.
final class BufferPool {
  /// Space offered to one read.
  static let readBytes = 16 * 1024
  private static let buffersMax = 32
  /// Buffers that have grown beyond this are freed: a rare large body must not stay in memory for good.
  private static let keptBytesMax = 64 * 1024

  private var inputs: [ByteBuffer] = []
  private var outputs: [[UInt8]] = []

  func takeInput() -> ByteBuffer { inputs.popLast() ?? ByteBuffer(capacity: BufferPool.readBytes) }

  func giveBack(input: consuming ByteBuffer) {
    guard input.capacity <= BufferPool.keptBytesMax else { return }
    input.clear(keepingCapacity: true)
    BufferPool.keep(input, in: &inputs)
  }

  func takeOutput() -> [UInt8] { outputs.popLast() ?? [] }

  func giveBack(output: consuming [UInt8]) {
    guard (1...BufferPool.keptBytesMax).contains(output.capacity) else { return }
    output.removeLast(output.count)
    BufferPool.keep(output, in: &outputs)
  }

  private static func keep<Buffer>(_ buffer: consuming Buffer, in others: inout [Buffer]) {
    if others.count < BufferPool.buffersMax { others.append(buffer) }
  }
}
