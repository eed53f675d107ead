import Bytes
import Glibc

/// Bytes on their way out, in order. Small pieces are joined, so that they leave in one record or segment; large ones
/// are kept as they are and never copied.
struct OutputQueue {
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

  var isEmpty: Bool { count == 0 }

  /// Returns the number of bytes.
  mutating func append(_ bytes: [UInt8], pool: BufferPool) -> Int {
    guard bytes.count >= OutputQueue.joinedBytesMax else {
      return bytes.isEmpty ? 0 : write(bytesMax: bytes.count, pool: pool) { $0.append(bytes.span) }
    }
    segments.append(bytes)
    canGrow = false
    count += bytes.count
    return bytes.count
  }

  /// Lets `body` write to the end of the queue in place, at most `bytesMax` bytes; returns how many it has written.
  mutating func write(bytesMax: Int, pool: BufferPool, _ body: (inout OutputSpan<UInt8>) -> Void) -> Int {
    let last = growingSegment(pool)
    let before = segments[last].count
    segments[last].append(addingCapacity: bytesMax, initializingWith: body)
    let added = segments[last].count - before
    count += added
    return added
  }

  /// The place of the last segment, which has room or may grow.
  private mutating func growingSegment(_ pool: BufferPool) -> Int {
    if !canGrow || segments.isEmpty || segments[segments.count - 1].count >= OutputQueue.joinedBytesMax {
      segments.append(pool.takeOutput())
      canGrow = true
    }
    return segments.count - 1
  }

  /// Takes `sent` bytes off the front.
  mutating func consume(_ sent: Int, pool: BufferPool) {
    precondition(sent <= count, "more was sent than was queued")
    count -= sent
    offset += sent
    while first < segments.count, offset >= segments[first].count {
      offset -= segments[first].count
      var done: [UInt8] = []
      swap(&done, &segments[first])
      // A short segment is always one of the pool's; a long one may be shared with whoever wrote it.
      if done.count < OutputQueue.joinedBytesMax { pool.giveBack(output: done) }
      first += 1
    }
    guard first == segments.count else { return }
    // Empty: an idle connection keeps no bytes, only the room for a segment's place.
    segments.removeLast(segments.count)
    first = 0
    canGrow = false
  }

  /// Hands the first contiguous piece to `body`; for TLS, which takes one piece at a time.
  func withFirst<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    unsafe segments[first].withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
  }

  /// Sends as much as the socket takes in one call; the number of bytes, or -1 with `errno` set.
  func send(to fd: Int32) -> Int {
    if first == segments.count - 1 {
      // The bytes live as long as the call.
      return unsafe withFirst { unsafe Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
    var vectors: [iovec] = unsafe []
    unsafe vectors.reserveCapacity(OutputQueue.vectorsMax)
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
      let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      unsafe vectors.append(iovec(iov_base: start.map { unsafe $0 + skipped }, iov_len: bytes.count - skipped))
      return unsafe gather(from: position + 1, into: &vectors, fd)
    }
  }
}
