import Bytes
import Glibc

/// Bytes on their way out, in order. What is written in a turn collects in one block of the loop's memory, and mostly leaves
/// from there at its end. What does not leave then, and large pieces, which are never copied, lie in segments behind it.
///
/// Nearly all that is sent never comes to be in a segment, so that these are looked at in functions of their own.
@safe
final class OutputQueue {
  private let pool: BufferPool
  /// nil while nothing is in it.
  private var block: UnsafeMutablePointer<UInt8>?
  /// What of the block is queued.
  private var start = 0
  private var end = 0
  private var segments: [[UInt8]] = []
  /// The first segment that still has bytes to send, and how many of it are sent.
  private var first = 0
  private var offset = 0
  /// Whether the last segment is this queue's own and may grow.
  private var canGrow = false
  private(set) var count = 0

  /// Segments are joined up to this size: the plain text of one TLS record.
  private static let joinedBytesMax = 16 * 1024
  private static let vectorsMax = 8

  init(pool: BufferPool) { self.pool = pool }

  deinit { unsafe block?.deallocate() }

  private var hasSegments: Bool { count > end - start }

  func append(_ bytes: [UInt8]) {
    guard bytes.count >= OutputQueue.joinedBytesMax else {
      return bytes.isEmpty ? () : write(bytesMax: bytes.count) { $0.append(bytes.span) }
    }
    segments.append(bytes)
    canGrow = false
    count += bytes.count
  }

  /// Lets `body` write to the end of the queue in place, at most `bytesMax` bytes.
  func write(bytesMax: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
    guard !hasSegments, bytesMax <= BufferPool.bufferBytes - end else { return writeToSegment(bytesMax, body) }
    let block = unsafe block ?? pool.takeBlock()
    // Nobody else has it while `body` runs, and what lies behind `end` is free.
    unsafe self.block = nil
    let room = unsafe UnsafeMutableBufferPointer(start: block + end, count: BufferPool.bufferBytes - end)
    var output = unsafe OutputSpan(buffer: room, initializedCount: 0)
    body(&output)
    let written = unsafe output.finalize(for: room)
    precondition(unsafe self.block == nil, "a piece was written within another one")
    unsafe self.block = block
    end += written
    count += written
  }

  @inline(never)
  private func writeToSegment(_ bytesMax: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
    var segment: [UInt8] = []
    if canGrow, segments[segments.count - 1].count < OutputQueue.joinedBytesMax { segment = segments.removeLast() }
    let before = segment.count
    segment.append(addingCapacity: bytesMax, initializingWith: body)
    count += segment.count - before
    segments.append(segment)
    canGrow = true
  }

  @inline(never)
  func removeAll() {
    unsafe block?.deallocate()
    unsafe block = nil
    (start, end) = (0, 0)
    segments = []
    (first, offset) = (0, 0)
    canGrow = false
    count = 0
  }

  /// Takes `sent` bytes off the front.
  func consume(_ sent: Int) {
    precondition(sent <= count, "more was sent than was queued")
    let hadSegments = hasSegments
    let ofBlock = min(sent, end - start)
    start += ofBlock
    count -= sent
    if hadSegments { consumeSegments(sent - ofBlock) }
  }

  @inline(never)
  private func consumeSegments(_ sent: Int) {
    offset += sent
    while first < segments.count, offset >= segments[first].count {
      offset -= segments[first].count
      segments[first] = []
      first += 1
    }
    guard first == segments.count else { return }
    segments = []
    first = 0
    canGrow = false
  }

  /// To be called when nothing more leaves in this turn: gives the block to the loop's other connections, so that neither
  /// an idle one nor one whose peer takes nothing holds any.
  func releaseBlock() {
    guard let block = unsafe block else { return }
    if start < end { unsafe keep(UnsafeBufferPointer(start: block + start, count: end - start)) }
    unsafe self.block = nil
    (start, end) = (0, 0)
    unsafe pool.giveBack(block: block)
  }

  @inline(never)
  private func keep(_ rest: UnsafeBufferPointer<UInt8>) {
    unsafe segments.insert(Array(rest), at: 0)
    canGrow = canGrow || segments.count == 1
  }

  /// Hands the first contiguous piece to `body`; for TLS, which takes one piece at a time.
  func withFirst<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    // The block lives as long as the call.
    if let block = unsafe block, start < end {
      return unsafe body(UnsafeRawBufferPointer(start: block + start, count: end - start))
    }
    return unsafe segments[first].withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
  }

  /// Sends as much as the socket takes in one call; the number of bytes, or -1 with `errno` set.
  func send(to fd: Int32) -> Int {
    guard !hasSegments, let block = unsafe block else { return sendSegments(to: fd) }
    // The bytes live as long as the call.
    return unsafe Glibc.send(fd, block + start, end - start, Int32(MSG_NOSIGNAL))
  }

  @inline(never)
  private func sendSegments(to fd: Int32) -> Int {
    var vectors: [iovec] = unsafe []
    unsafe vectors.reserveCapacity(OutputQueue.vectorsMax)
    if let block = unsafe block, start < end {
      unsafe OutputQueue.append(UnsafeRawBufferPointer(start: block + start, count: end - start), to: &vectors)
    }
    return unsafe gather(from: first, into: &vectors, fd)
  }

  /// Collects pointers to the segments, each inside the call that keeps it valid, and sends them at the innermost.
  private func gather(from position: Int, into vectors: inout [iovec], _ fd: Int32) -> Int {
    guard position < segments.count, unsafe vectors.count < OutputQueue.vectorsMax else {
      return unsafe vectors.withUnsafeMutableBufferPointer { vectors in
        var message = unsafe msghdr()
        unsafe message.msg_iov = vectors.baseAddress
        unsafe message.msg_iovlen = vectors.count
        return unsafe sendmsg(fd, &message, Int32(MSG_NOSIGNAL))
      }
    }
    return unsafe segments[position].withUnsafeBytes { bytes in
      let skipped = position == first ? offset : 0
      unsafe OutputQueue.append(UnsafeRawBufferPointer(rebasing: bytes[skipped...]), to: &vectors)
      return unsafe gather(from: position + 1, into: &vectors, fd)
    }
  }

  private static func append(_ bytes: UnsafeRawBufferPointer, to vectors: inout [iovec]) {
    unsafe vectors.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count))
  }
}
