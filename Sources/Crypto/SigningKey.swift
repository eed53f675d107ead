import COpenSSL

/// A private key that signs with ES256 or EdDSA. It leaves the process only as ``pem()``.
public final class SigningKey: Sendable {
  public let verificationKey: VerificationKey
  private let key: KeyHandle

  public var algorithm: SignatureAlgorithm { verificationKey.algorithm }

  /// A new key, on P-256 or Ed25519.
  public static func generate(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> SigningKey {
    let pointer: OpaquePointer?
    switch algorithm {
    case .es256: unsafe pointer = copenssl_new_ec_key()
    case .edDSA: unsafe pointer = copenssl_new_ed25519_key()
    case .es384, .rs256: throw unsupported
    }
    guard let pointer = unsafe pointer else {
      ERR_clear_error()
      throw CryptoError(.library, "no key can be made")
    }
    return try SigningKey(unsafe KeyHandle(taking: pointer))
  }

  /// A key from an unencrypted PEM text: PKCS #8 (RFC 5208), or the older forms that OpenSSL reads.
  public convenience init(pem: [UInt8]) throws(CryptoError) { try self.init(try KeyHandle.privateKey(pem: pem)) }

  private init(_ key: KeyHandle) throws(CryptoError) {
    let parameters = try key.parameters()
    guard parameters.algorithm == .es256 || parameters.algorithm == .edDSA else { throw SigningKey.unsupported }
    self.key = key
    verificationKey = VerificationKey(parameters, key)
  }

  private static let unsupported = CryptoError(.badKey, "a key that signs is on P-256 (ES256) or Ed25519 (EdDSA)")

  /// The private key as PKCS #8 in PEM, unencrypted.
  public func pem() throws(CryptoError) -> [UInt8] { try key.privatePEM() }

  /// Signs these bytes; the signature has the form of a JWS: 64 bytes for both algorithms.
  public func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
    defer { ERR_clear_error() }
    guard let context = unsafe EVP_MD_CTX_new() else { throw CryptoError(.library, "out of memory") }
    defer { unsafe EVP_MD_CTX_free(context) }
    // The longest signature of these kinds, in ASN.1, is 72 bytes; the room is stated.
    var signature = [UInt8](repeating: 0, count: 128)
    var count = signature.count
    guard unsafe EVP_DigestSignInit(context, nil, Digests.digest(of: algorithm), nil, key.pointer) == 1,
      unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1
    else { throw CryptoError(.library, "the key does not sign") }
    signature.removeLast(signature.count - count)
    guard algorithm == .es256 else { return signature }
    guard let raw = ECDSASignature.raw(signature, numberByteCount: 32) else {
      throw CryptoError(.library, "the signature cannot be read")
    }
    return raw
  }
}
