import COpenSSL

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
  /// Bytes of a digest.
  public static let byteCount = 32

  /// The digest of `bytes`: 32 bytes.
  public static func hash(_ bytes: [UInt8]) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { digest, count in
      var size: UInt32 = 0
      // `digest` has room for the 32 bytes that SHA-256 writes; both pointers live as long as the call.
      let done = unsafe EVP_Digest(bytes, bytes.count, digest.baseAddress, &size, Digests.shared.sha256, nil)
      precondition(done == 1 && size == byteCount, "SHA-256 is always available")
      count = byteCount
    }
  }
}

/// HMAC-SHA-256 (RFC 2104).
public enum HMACSHA256 {
  /// The authentication code of `bytes` under `key`: 32 bytes. A key of any length is allowed.
  public static func authenticate(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
      var size: UInt32 = 0
      // `code` has room for the 32 bytes of the digest; all pointers live as long as the call.
      let done = unsafe HMAC(
        Digests.shared.sha256, key, Int32(key.count), bytes, bytes.count, code.baseAddress, &size)
      precondition(unsafe done != nil && size == SHA256.byteCount, "HMAC-SHA-256 is always available")
      count = SHA256.byteCount
    }
  }
}

/// Digest implementations looked up once: a look-up by name costs more than the digest of a short text.
// @unchecked: the fetched EVP_MD is immutable and reference counted by OpenSSL; it is never freed.
@safe final class Digests: @unchecked Sendable {
  static let shared = Digests()

  let sha256: OpaquePointer

  private init() {
    guard let digest = unsafe EVP_MD_fetch(nil, "SHA2-256", nil) else {
      preconditionFailure("OpenSSL has no SHA-256: its default provider is missing")
    }
    unsafe sha256 = digest
  }

  /// The digest below a signature; nil where the algorithm has its own.
  static func digest(of algorithm: SignatureAlgorithm) -> OpaquePointer? {
    switch algorithm {
    case .es256, .rs256: unsafe shared.sha256
    case .es384: unsafe EVP_sha384()
    case .edDSA: nil
    }
  }
}
