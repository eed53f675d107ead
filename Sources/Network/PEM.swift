import COpenSSL

/// Reads PEM text into OpenSSL's objects.
enum PEM {
  /// Hands each certificate in `bytes` to `body`, which does not keep it unless it takes a reference. At least one must
  /// be there.
  static func forEachCertificate(
    in bytes: [UInt8], _ what: String, _ body: (OpaquePointer) throws(TLSError) -> Void
  ) throws(TLSError) {
    let source = try MemorySource(bytes)
    var count = 0
    while let certificate = unsafe PEM_read_bio_X509(source.bio, nil, { _, _, _, _ in -1 }, nil) {
      defer { unsafe X509_free(certificate) }
      count += 1
      try unsafe body(certificate)
    }
    // The last read fails because nothing is left; anything else is a broken certificate.
    let code = ERR_peek_last_error()
    let isEnd = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
    guard isEnd else { throw TLSError("\(what) cannot be read: \(OpenSSLErrors.take())") }
    OpenSSLErrors.clear()
    guard count > 0 else { throw TLSError("\(what) holds no certificate in PEM form") }
  }

  /// Hands the private key in `bytes` to `body`. OpenSSL would ask for the passphrase of an encrypted key at the
  /// terminal; the callback answers that there is none.
  static func withKey(in bytes: [UInt8], _ body: (OpaquePointer) throws(TLSError) -> Void) throws(TLSError) {
    let source = try MemorySource(bytes)
    guard let key = unsafe PEM_read_bio_PrivateKey(source.bio, nil, { _, _, _, _ in -1 }, nil) else {
      throw TLSError("the private key cannot be read (unencrypted PEM is expected): \(OpenSSLErrors.take())")
    }
    defer { unsafe EVP_PKEY_free(key) }
    try unsafe body(key)
  }
}

/// OpenSSL's view of some bytes, freed with its owner.
@safe private struct MemorySource: ~Copyable {
  let bio: OpaquePointer

  init(_ bytes: [UInt8]) throws(TLSError) {
    // A writable BIO copies the bytes: it does not depend on how long the array lives.
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw TLSError(OpenSSLErrors.take()) }
    let written = unsafe BIO_write(bio, bytes, Int32(clamping: bytes.count))
    guard bytes.isEmpty || Int(written) == bytes.count else {
      unsafe BIO_free(bio)
      throw TLSError(OpenSSLErrors.take())
    }
    unsafe self.bio = bio
  }

  deinit { unsafe BIO_free(bio) }
}
