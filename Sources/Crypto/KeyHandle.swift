import COpenSSL

/// One of OpenSSL's keys, freed with its owner.
// @unchecked: the key is not changed after `init`, its references are counted atomically, and signing and verifying keep
// their state in contexts of their own.
@safe final class KeyHandle: @unchecked Sendable {
  let pointer: OpaquePointer

  /// Takes over the reference.
  init(taking pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe EVP_PKEY_free(pointer) }

  /// The public half.
  func parameters() throws(CryptoError) -> PublicKeyParameters {
    if isKind("RSA") { return .rsa(modulus: try number("n"), exponent: try number("e")) }
    if isKind("ED25519") { return .ed25519(x: try rawPublicKey()) }
    // An uncompressed point (SEC 1 §2.3.3): 4, x, y.
    let point = isKind("EC") ? encodedPoint() : []
    guard point.first == 4 else { throw KeyHandle.unsupported }
    let half = (point.count - 1) / 2
    let (x, y) = (Array(point[1..<1 + half]), Array(point[(1 + half)...]))
    switch curve {
    case "prime256v1": return .p256(x: x, y: y)
    case "secp384r1": return .p384(x: x, y: y)
    default: throw KeyHandle.unsupported
    }
  }

  static let unsupported = CryptoError(
    .badKey, "this kind of key is not supported: P-256, P-384, Ed25519 and RSA of 2048 to 8192 bits are")

  private func isKind(_ name: String) -> Bool { unsafe EVP_PKEY_is_a(pointer, name) == 1 }

  private var curve: String {
    var name = [CChar](repeating: 0, count: 64)
    var count = 0
    // The name is cut, and ended by a zero, at the room that is stated.
    guard unsafe EVP_PKEY_get_group_name(pointer, &name, name.count, &count) == 1 else { return "" }
    return String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func rawPublicKey() throws(CryptoError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 32)
    var count = bytes.count
    // The room is stated.
    guard unsafe EVP_PKEY_get_raw_public_key(pointer, &bytes, &count) == 1, count == bytes.count else {
      throw KeyHandle.unsupported
    }
    return bytes
  }

  private func encodedPoint() -> [UInt8] {
    var start: UnsafeMutablePointer<UInt8>?
    let count = unsafe EVP_PKEY_get1_encoded_public_key(pointer, &start)
    guard count > 0, let start = unsafe start else { return [] }
    defer { unsafe copenssl_free(start) }
    // The library has allocated so many bytes.
    return unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }

  private func number(_ name: String) throws(CryptoError) -> [UInt8] {
    var number: OpaquePointer?
    guard unsafe EVP_PKEY_get_bn_param(pointer, name, &number) == 1, let number = unsafe number else {
      throw KeyHandle.unsupported
    }
    defer { unsafe BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: Int(unsafe BN_num_bits(number) + 7) / 8)
    // There is room for as many bytes as the number has.
    unsafe BN_bn2bin(number, &bytes)
    return bytes
  }

  // MARK: PEM

  /// Text in memory as OpenSSL reads and writes it, freed with its owner.
  @safe struct Memory: ~Copyable {
    let bio: OpaquePointer

    init() throws(CryptoError) {
      guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw CryptoError(.library, "out of memory") }
      unsafe self.bio = bio
    }

    deinit { unsafe BIO_free(bio) }

    /// A writable BIO copies what is written: it does not depend on how long the array lives.
    func write(_ bytes: [UInt8]) -> Bool {
      unsafe BIO_write(bio, bytes, Int32(clamping: bytes.count)) == bytes.count
    }

    func read() -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(bio))
      // At most `bytes.count` bytes are written.
      let count = unsafe BIO_read(bio, &bytes, Int32(clamping: bytes.count))
      return Array(bytes.prefix(Int(max(0, count))))
    }
  }

  static func publicKey(pem: [UInt8]) throws(CryptoError) -> KeyHandle {
    let memory = try Memory()
    // The callbacks answer that there is no passphrase; OpenSSL would ask at the terminal.
    guard memory.write(pem), let key = unsafe PEM_read_bio_PUBKEY(memory.bio, nil, { _, _, _, _ in -1 }, nil) else {
      ERR_clear_error()
      throw CryptoError(.badKey, "this is no public key in PEM form (-----BEGIN PUBLIC KEY-----)")
    }
    return unsafe KeyHandle(taking: key)
  }

  static func privateKey(pem: [UInt8]) throws(CryptoError) -> KeyHandle {
    let memory = try Memory()
    guard memory.write(pem), let key = unsafe PEM_read_bio_PrivateKey(memory.bio, nil, { _, _, _, _ in -1 }, nil) else {
      ERR_clear_error()
      throw CryptoError(.badKey, "this is no unencrypted private key in PEM form (-----BEGIN PRIVATE KEY-----)")
    }
    return unsafe KeyHandle(taking: key)
  }

  /// PKCS #8, unencrypted.
  func privatePEM() throws(CryptoError) -> [UInt8] {
    let memory = try Memory()
    guard unsafe PEM_write_bio_PKCS8PrivateKey(memory.bio, pointer, nil, nil, 0, nil, nil) == 1 else {
      ERR_clear_error()
      throw CryptoError(.library, "the private key cannot be written")
    }
    return memory.read()
  }
}
