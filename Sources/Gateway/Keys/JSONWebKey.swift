internal import A2A
internal import Bytes
internal import Configuration
internal import Crypto
internal import JSON

/// A public key of somebody, as an operator or a key set names it.
struct TrustedKey: CardSignatureVerifier {
  let key: VerificationKey
  /// The name that signatures give it; nil where it has none, and may be behind any name.
  let keyID: String?

  /// Whether it may have made a signature with this header. A key is good for one algorithm only, whatever the header says.
  func matches(_ header: CardSignatureHeader) -> Bool {
    guard SignatureAlgorithm(header: header.algorithm) == key.algorithm else { return false }
    return keyID == nil || keyID == header.keyID
  }

  func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool { key.isValid(signature, of: message) }
}

/// Why a text holds no key.
struct KeyFault: Error, Sendable, CustomStringConvertible {
  let message: String

  var description: String { message }
}

/// Public keys as JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2).
enum JSONWebKey {
  /// Keys of one set that are read.
  static let keysMax = 64

  // MARK: Writing

  /// The key under its thumbprint, for signatures only.
  static func value(_ key: VerificationKey) -> JSONValue {
    var members: JSONObject
    switch key.parameters {
    case .p256(let x, let y): members = ["kty": "EC", "crv": "P-256", "x": text(x), "y": text(y)]
    case .p384(let x, let y): members = ["kty": "EC", "crv": "P-384", "x": text(x), "y": text(y)]
    case .ed25519(let x): members = ["kty": "OKP", "crv": "Ed25519", "x": text(x)]
    case .rsa(let n, let e): members = ["kty": "RSA", "n": text(n), "e": text(e)]
    }
    members["use"] = "sig"
    members["alg"] = .string(key.algorithm.rawValue)
    members["kid"] = .string(key.thumbprint)
    return .object(members)
  }

  static func set(_ keys: [VerificationKey]) -> JSONValue { ["keys": .array(keys.map(value))] }

  private static func text(_ bytes: [UInt8]) -> JSONValue { .string(Base64.encodeURL(bytes)) }

  // MARK: Reading

  /// A public key. One that holds a private half is refused: whoever hands it out has lost it.
  static func read(_ value: JSONValue) throws(KeyFault) -> TrustedKey {
    guard value.object != nil else { throw KeyFault(message: "a key is an object") }
    if value["d"] != nil || value["k"] != nil {
      throw KeyFault(message: "this is a private or secret key; only the public half belongs here")
    }
    if let use = value["use"]?.string, use != "sig" { throw KeyFault(message: "the key is not for signatures") }
    let parameters = try parameters(value)
    if let algorithm = value["alg"]?.string, SignatureAlgorithm(header: algorithm) != parameters.algorithm {
      throw KeyFault(message: "the key is for the algorithm \(algorithm), which is not trusted with this kind of key")
    }
    do throws(CryptoError) {
      return TrustedKey(key: try VerificationKey(parameters), keyID: value["kid"]?.string)
    } catch {
      throw KeyFault(message: error.message)
    }
  }

  private static func parameters(_ value: JSONValue) throws(KeyFault) -> PublicKeyParameters {
    switch (value["kty"]?.string, value["crv"]?.string) {
    case ("EC", "P-256"): .p256(x: try bytes(value, "x"), y: try bytes(value, "y"))
    case ("EC", "P-384"): .p384(x: try bytes(value, "x"), y: try bytes(value, "y"))
    case ("OKP", "Ed25519"): .ed25519(x: try bytes(value, "x"))
    case ("RSA", _): .rsa(modulus: try number(value, "n"), exponent: try number(value, "e"))
    case (nil, _): throw KeyFault(message: "the key has no kty")
    default:
      throw KeyFault(message: "this kind of key is not supported: P-256, P-384, Ed25519 and RSA are")
    }
  }

  private static func bytes(_ value: JSONValue, _ name: String) throws(KeyFault) -> [UInt8] {
    guard let text = value[name]?.string, let bytes = Base64.decode(text) else {
      throw KeyFault(message: "the key's \(name) is not base64url")
    }
    return bytes
  }

  /// Some writers keep a leading zero.
  private static func number(_ value: JSONValue, _ name: String) throws(KeyFault) -> [UInt8] {
    Array(try bytes(value, name).drop { $0 == 0 })
  }

  /// The keys of a set that can be used; others are passed over (RFC 7517 §5). nil for what is no set.
  static func readSet(_ value: JSONValue) -> [TrustedKey]? {
    value["keys"]?.array.map { keys in keys.prefix(keysMax).compactMap { try? read($0) } }
  }

  /// The keys in a file: a public key in PEM, one JSON Web Key, or a set of them, of which at least one can be used.
  static func read(file: String) throws(KeyFault) -> [TrustedKey] {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(file, bytesMax: 1024 * 1024)
    } catch {
      throw KeyFault(message: "\(file): \(error.message)")
    }
    do throws(KeyFault) {
      return try read(text: bytes)
    } catch {
      throw KeyFault(message: "\(file): \(error.message)")
    }
  }

  private static func read(text bytes: [UInt8]) throws(KeyFault) -> [TrustedKey] {
    guard let value = try? JSONValue.parse(bytes, limits: JSONLimits(nodesMax: 10_000)) else {
      do throws(CryptoError) {
        return [TrustedKey(key: try VerificationKey(pem: bytes), keyID: nil)]
      } catch {
        throw KeyFault(message: "neither a JSON Web Key nor a usable key in PEM: \(error.message)")
      }
    }
    guard let keys = readSet(value) else { return [try read(value)] }
    guard !keys.isEmpty else { throw KeyFault(message: "the set holds no key that can be used") }
    return keys
  }
}
