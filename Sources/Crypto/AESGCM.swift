import COpenSSL

/// Authenticated encryption with AES-256 in Galois/Counter Mode (NIST SP 800-38D). What is sealed is the 12 bytes of a random
/// nonce, the ciphertext, and the 16 bytes of the tag. One key seals at most 2^32 messages (SP 800-38D §8.3).
public enum AESGCM {
  /// Bytes of a key.
  public static let keyByteCount = 32
  /// Bytes that sealing adds.
  public static let overheadByteCount = nonceByteCount + tagByteCount

  static let nonceByteCount = 12
  static let tagByteCount = 16

  /// Encrypts `plaintext`, so that it can be opened only with the same key and the same associated data, which is not
  /// part of the result: it names what the secret is for, so that no secret can be put in the place of another.
  public static func seal(
    _ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8] = []
  ) throws(CryptoError) -> [UInt8] {
    try seal(plaintext, key: key, associatedData: associatedData, nonce: Random.bytes(nonceByteCount))
  }

  /// Decrypts what ``seal(_:key:associatedData:)`` made. Nothing of the plaintext is given out unless all of it is
  /// authentic.
  public static func open(
    _ sealed: [UInt8], key: [UInt8], associatedData: [UInt8] = []
  ) throws(CryptoError) -> [UInt8] {
    guard sealed.count >= overheadByteCount else {
      throw CryptoError(.notAuthentic, "the sealed value is too short: \(sealed.count) bytes")
    }
    let nonce = Array(sealed.prefix(nonceByteCount))
    let ciphertext = Array(sealed.dropFirst(nonceByteCount).dropLast(tagByteCount))
    var tag = Array(sealed.suffix(tagByteCount))
    let cipher = try Cipher(key: key, nonce: nonce, encrypts: false)
    try cipher.authenticate(associatedData)
    let plaintext = try cipher.update(ciphertext)
    try cipher.expect(&tag)
    guard cipher.finish() else {
      throw CryptoError(
        .notAuthentic, "the sealed value is damaged, was sealed under another key, or belongs elsewhere")
    }
    return plaintext
  }

  /// With the nonce of a test vector: nothing else may choose one, since a nonce that is used twice gives the key away.
  static func seal(
    _ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8], nonce: [UInt8]
  ) throws(CryptoError) -> [UInt8] {
    let cipher = try Cipher(key: key, nonce: nonce, encrypts: true)
    try cipher.authenticate(associatedData)
    let ciphertext = try cipher.update(plaintext)
    guard cipher.finish() else { throw CryptoError(.library, "AES-GCM cannot encrypt") }
    return nonce + ciphertext + (try cipher.tag())
  }
}

/// One run of the cipher.
@safe private struct Cipher: ~Copyable {
  private let context: OpaquePointer

  init(key: [UInt8], nonce: [UInt8], encrypts: Bool) throws(CryptoError) {
    guard key.count == AESGCM.keyByteCount else {
      throw CryptoError(.badKey, "an AES-256 key has \(AESGCM.keyByteCount) bytes, not \(key.count)")
    }
    precondition(nonce.count == AESGCM.nonceByteCount, "the cipher's nonce has its default size")
    guard let context = unsafe EVP_CIPHER_CTX_new() else { throw CryptoError(.library, "out of memory") }
    // Key and nonce have the sizes that the cipher reads, and are copied.
    guard unsafe EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce, encrypts ? 1 : 0) == 1 else {
      unsafe EVP_CIPHER_CTX_free(context)
      throw CryptoError(.library, "AES-256-GCM is not available")
    }
    unsafe self.context = context
  }

  deinit { unsafe EVP_CIPHER_CTX_free(context) }

  func authenticate(_ data: [UInt8]) throws(CryptoError) {
    guard !data.isEmpty else { return }
    var count: Int32 = 0
    // Without room for output, the bytes are only authenticated.
    guard unsafe EVP_CipherUpdate(context, nil, &count, data, try AESGCM.length(data)) == 1 else {
      throw CryptoError(.library, "AES-GCM cannot authenticate")
    }
  }

  func update(_ input: [UInt8]) throws(CryptoError) -> [UInt8] {
    guard !input.isEmpty else { return [] }
    var output = [UInt8](repeating: 0, count: input.count)
    var count: Int32 = 0
    // A stream mode writes exactly as many bytes as it reads.
    guard unsafe EVP_CipherUpdate(context, &output, &count, input, try AESGCM.length(input)) == 1 else {
      throw CryptoError(.library, "AES-GCM cannot go on")
    }
    return output
  }

  /// Whether all is done; for decryption, whether the tag is the expected one.
  func finish() -> Bool {
    var rest = [UInt8](repeating: 0, count: AESGCM.tagByteCount)
    var count: Int32 = 0
    // A stream mode has nothing left to write; a block of room is there all the same.
    let isDone = unsafe EVP_CipherFinal_ex(context, &rest, &count) == 1
    if !isDone { ERR_clear_error() }
    return isDone
  }

  func tag() throws(CryptoError) -> [UInt8] {
    var tag = [UInt8](repeating: 0, count: AESGCM.tagByteCount)
    // The tag has the room that is stated.
    guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1 else {
      throw CryptoError(.library, "AES-GCM gives no tag")
    }
    return tag
  }

  func expect(_ tag: inout [UInt8]) throws(CryptoError) {
    // The tag is copied.
    guard unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1 else {
      throw CryptoError(.library, "AES-GCM takes no tag")
    }
  }
}

extension AESGCM {
  /// The library counts in 32 bits.
  fileprivate static func length(_ bytes: [UInt8]) throws(CryptoError) -> Int32 {
    guard let length = Int32(exactly: bytes.count) else {
      throw CryptoError(.library, "AES-GCM seals at most 2 GiB at once")
    }
    return length
  }
}
