import COpenSSL

/// Cryptographically secure random bytes.
public enum Random {
  /// `count` random bytes.
  public static func bytes(_ count: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe fill(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count))
      filled = count
    }
  }

  /// `count` times 64 random bits.
  public static func words(_ count: Int) -> [UInt64] {
    unsafe [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe fill(UnsafeMutableRawBufferPointer(buffer))
      filled = count
    }
  }

  /// 64 random bits.
  public static func uint64() -> UInt64 {
    var value: UInt64 = 0
    unsafe withUnsafeMutableBytes(of: &value) { unsafe fill($0) }
    return value
  }

  private static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let start = buffer.baseAddress, buffer.count > 0 else { return }
    // The generator seeds itself from the kernel; it fails only if the kernel has no entropy, where going on is worse
    // than stopping.
    let done = unsafe RAND_bytes(start.assumingMemoryBound(to: UInt8.self), Int32(buffer.count))
    precondition(done == 1, "the system has no random bytes")
  }
}

/// Comparison of secrets in a time that depends on their length only.
public enum SecureCompare {
  /// Whether both are equal. Of secrets with different lengths only the lengths are compared.
  public static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    return unsafe CRYPTO_memcmp(a, b, a.count) == 0
  }
}
