/// The algorithms of JSON Web Signatures that are trusted here (RFC 7518 §3.1, RFC 8037 §3.1): with public keys only. There
/// is no `none`, and none where verifier and signer share a secret.
public enum SignatureAlgorithm: String, Sendable, CaseIterable {
  /// ECDSA on P-256 with SHA-256.
  case es256 = "ES256"
  /// ECDSA on P-384 with SHA-384.
  case es384 = "ES384"
  /// Ed25519.
  case edDSA = "EdDSA"
  /// RSA with PKCS #1 v1.5 padding and SHA-256.
  case rs256 = "RS256"

  /// The algorithm of a `alg` header; nil for one that is not trusted. RFC 9864 gives EdDSA on this curve a name of its own.
  public init?(header name: String) {
    if name == "Ed25519" { self = .edDSA } else { self.init(rawValue: name) }
  }
}

/// The public half of a key as a JSON Web Key says it (RFC 7518 §6, RFC 8037 §2). Numbers are big-endian.
public enum PublicKeyParameters: Sendable, Hashable {
  /// 32 bytes each.
  case p256(x: [UInt8], y: [UInt8])
  /// 48 bytes each.
  case p384(x: [UInt8], y: [UInt8])
  /// 32 bytes.
  case ed25519(x: [UInt8])
  /// Without leading zeros.
  case rsa(modulus: [UInt8], exponent: [UInt8])

  /// What signatures of such a key are made by: a key is good for one algorithm only.
  public var algorithm: SignatureAlgorithm {
    switch self {
    case .p256: .es256
    case .p384: .es384
    case .ed25519: .edDSA
    case .rsa: .rs256
    }
  }
}
