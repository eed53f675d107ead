import Bytes
import COpenSSL

/// A public key that signatures are verified with, each with the one algorithm that it is for.
public final class VerificationKey: Sendable {
  public let parameters: PublicKeyParameters
  private let key: KeyHandle

  public static let rsaBitsMin = 2048
  /// Larger ones cost more than they protect.
  public static let rsaBitsMax = 8192

  public var algorithm: SignatureAlgorithm { parameters.algorithm }

  /// A key from the numbers of a JSON Web Key. A point must lie on its curve, an RSA key must be long enough.
  public convenience init(_ parameters: PublicKeyParameters) throws(CryptoError) {
    try VerificationKey.check(parameters)
    let pointer: OpaquePointer?
    // Each call copies what it gets, whose length is stated.
    switch parameters {
    case .p256(let x, let y): unsafe pointer = copenssl_ec_public_key("P-256", [4] + x + y, 1 + x.count + y.count)
    case .p384(let x, let y): unsafe pointer = copenssl_ec_public_key("P-384", [4] + x + y, 1 + x.count + y.count)
    case .ed25519(let x): unsafe pointer = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, x, x.count)
    case .rsa(let n, let e): unsafe pointer = copenssl_rsa_public_key(n, Int32(n.count), e, Int32(e.count))
    }
    guard let pointer = unsafe pointer else {
      ERR_clear_error()
      throw CryptoError(.badKey, "the numbers of the key are not those of a valid one")
    }
    self.init(parameters, unsafe KeyHandle(taking: pointer))
  }

  /// A key from a PEM text (SubjectPublicKeyInfo, RFC 5280 §4.1).
  public convenience init(pem: [UInt8]) throws(CryptoError) {
    let key = try KeyHandle.publicKey(pem: pem)
    let parameters = try key.parameters()
    try VerificationKey.check(parameters)
    self.init(parameters, key)
  }

  init(_ parameters: PublicKeyParameters, _ key: KeyHandle) {
    self.parameters = parameters
    self.key = key
  }

  private static func check(_ parameters: PublicKeyParameters) throws(CryptoError) {
    switch parameters {
    case .p256(let x, let y):
      if x.count != 32 || y.count != 32 { throw CryptoError(.badKey, "a P-256 key has two numbers of 32 bytes") }
    case .p384(let x, let y):
      if x.count != 48 || y.count != 48 { throw CryptoError(.badKey, "a P-384 key has two numbers of 48 bytes") }
    case .ed25519(let x):
      if x.count != 32 { throw CryptoError(.badKey, "an Ed25519 key has 32 bytes") }
    case .rsa(let n, let e):
      guard let first = n.first, first != 0, let last = e.last, e.first != 0, e.count <= 8, last & 1 == 1, e != [1]
      else {
        throw CryptoError(.badKey, "the numbers of the RSA key are not those of a valid one")
      }
      let bits = n.count * 8 - first.leadingZeroBitCount
      guard (rsaBitsMin...rsaBitsMax).contains(bits) else {
        throw CryptoError(.badKey, "an RSA key needs \(rsaBitsMin) to \(rsaBitsMax) bits, this one has \(bits)")
      }
    }
  }

  /// Whether a signature, in the form of a JWS (RFC 7518 §3), was made of these bytes by the owner of the key.
  public func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    defer { ERR_clear_error() }
    var form = signature
    switch algorithm {
    case .es256, .es384:
      guard let der = ECDSASignature.der(signature, numberByteCount: algorithm == .es256 ? 32 : 48) else {
        return false
      }
      form = der
    case .edDSA, .rs256: break
    }
    guard let context = unsafe EVP_MD_CTX_new() else { return false }
    defer { unsafe EVP_MD_CTX_free(context) }
    // Lengths are stated; the key lives as long as `self`.
    guard unsafe EVP_DigestVerifyInit(context, nil, Digests.digest(of: algorithm), nil, key.pointer) == 1 else {
      return false
    }
    return unsafe EVP_DigestVerify(context, form, form.count, message, message.count) == 1
  }

  /// The RFC 7638 thumbprint with SHA-256, in base64url: the same for everybody who knows the key.
  public var thumbprint: String {
    // The required members in lexicographic order, without space; no value needs an escape.
    let text =
      switch parameters {
      case .p256(let x, let y):
        #"{"crv":"P-256","kty":"EC","x":"\#(Base64.encodeURL(x))","y":"\#(Base64.encodeURL(y))"}"#
      case .p384(let x, let y):
        #"{"crv":"P-384","kty":"EC","x":"\#(Base64.encodeURL(x))","y":"\#(Base64.encodeURL(y))"}"#
      case .ed25519(let x): #"{"crv":"Ed25519","kty":"OKP","x":"\#(Base64.encodeURL(x))"}"#
      case .rsa(let n, let e): #"{"e":"\#(Base64.encodeURL(e))","kty":"RSA","n":"\#(Base64.encodeURL(n))"}"#
      }
    return Base64.encodeURL(SHA256.hash(Array(text.utf8)))
  }
}

/// ECDSA signatures in JWS are two numbers of fixed size, one behind the other (RFC 7518 §3.4); OpenSSL's are ASN.1.
enum ECDSASignature {
  static func der(_ raw: [UInt8], numberByteCount: Int) -> [UInt8]? {
    guard raw.count == 2 * numberByteCount, let signature = unsafe ECDSA_SIG_new() else { return nil }
    defer { unsafe ECDSA_SIG_free(signature) }
    let half = Int32(numberByteCount)
    // Each half has the length that is stated; the signature takes the numbers over.
    let r = unsafe BN_bin2bn(Array(raw.prefix(numberByteCount)), half, nil)
    let s = unsafe BN_bin2bn(Array(raw.suffix(numberByteCount)), half, nil)
    guard unsafe ECDSA_SIG_set0(signature, r, s) == 1 else {
      unsafe BN_free(r)
      unsafe BN_free(s)
      return nil
    }
    var start: UnsafeMutablePointer<UInt8>?
    let count = unsafe i2d_ECDSA_SIG(signature, &start)
    guard count > 0, let start = unsafe start else { return nil }
    defer { unsafe copenssl_free(start) }
    // The library has allocated so many bytes.
    return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
  }

  static func raw(_ der: [UInt8], numberByteCount: Int) -> [UInt8]? {
    let signature = unsafe der.withUnsafeBufferPointer { buffer in
      // The pointer moves on while it is read, within the buffer.
      var start = buffer.baseAddress
      return unsafe d2i_ECDSA_SIG(nil, &start, buffer.count)
    }
    guard let signature = unsafe signature else { return nil }
    defer { unsafe ECDSA_SIG_free(signature) }
    var (r, s) = ([UInt8](repeating: 0, count: numberByteCount), [UInt8](repeating: 0, count: numberByteCount))
    let size = Int32(numberByteCount)
    // Padded to the room that is stated; a larger number is refused.
    guard unsafe BN_bn2binpad(ECDSA_SIG_get0_r(signature), &r, size) == size,
      unsafe BN_bn2binpad(ECDSA_SIG_get0_s(signature), &s, size) == size
    else { return nil }
    return r + s
  }
}
