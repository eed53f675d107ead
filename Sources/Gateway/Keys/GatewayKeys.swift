internal import A2A
internal import Bytes
internal import Configuration
internal import Crypto
internal import FoundationEssentials
internal import JSON
internal import Network
internal import Synchronization

/// The key that the gateway signs with, and those that it signed with before: who has an earlier signature shall still find
/// its key. Of an earlier key only the public half is kept.
struct SigningKeys: Sendable {
  let current: SigningKey
  /// The newest first.
  let retired: [VerificationKey]
  /// All of them as a key set (RFC 7517 §5).
  let document: CardDocument

  /// Earlier keys at most.
  static let retiredMax = 4

  init(current: SigningKey, retired: [VerificationKey]) {
    self.current = current
    let own = current.verificationKey.thumbprint
    self.retired = Array(retired.filter { $0.thumbprint != own }.prefix(SigningKeys.retiredMax))
    document = CardDocument(JSONWebKey.set([current.verificationKey] + self.retired))
  }

  /// The name of the key in use: its thumbprint (RFC 7638).
  var keyID: String { current.verificationKey.thumbprint }

  /// Signs cards that are published below this URL, whose key set tells the key. The set's URL is named where it is https:
  /// no verifier may believe another.
  func signer(publicURL: String) -> CardSigner {
    let key = current
    let keySet = publicURL + KeySetFace.path
    return CardSigner(
      algorithm: key.algorithm.rawValue, keyID: keyID,
      keySetURL: keySet.hasPrefix("https://") ? keySet : nil
    ) { try key.sign($0) }
  }
}

/// The gateway's own keys, in its state folder.
final class GatewayKeys: Sendable {
  private static let currentFile = "signing/current.pem"
  private static let retiredFile = "signing/retired.json"

  private let keys: Mutex<SigningKeys>
  private let algorithm: SignatureAlgorithm

  /// Reads the keys, or makes the first one. A key of another algorithm than the configured one is retired.
  ///
  /// - Returns: nil where cards are not to be signed.
  init?(_ configuration: SignatureConfiguration, in state: StateDirectory) throws(StartError) {
    guard let algorithm = configuration.signing.algorithm else { return nil }
    self.algorithm = algorithm
    if let found = try GatewayKeys.read(folder: state.path), found.current.algorithm == algorithm {
      keys = Mutex(found)
    } else {
      do {
        keys = Mutex(try GatewayKeys.makeNew(algorithm, in: state))
      } catch {
        throw StartError("no signing key can be made in the state folder \(state.path): \(error)")
      }
    }
  }

  var current: SigningKeys { keys.withLock { $0 } }

  /// Makes a new key and keeps the public half of the one in use. Blocks; see ``StateDirectory``.
  func rotate(in state: StateDirectory) throws -> SigningKeys {
    let new = try GatewayKeys.makeNew(algorithm, in: state)
    keys.withLock { $0 = new }
    return new
  }

  /// The same without a gateway that runs: what it finds at its next start.
  static func rotate(_ configuration: SignatureConfiguration, in state: StateDirectory) throws -> SigningKeys {
    try makeNew(configuration.signing.algorithm ?? .es256, in: state)
  }

  /// The list of earlier keys is written first: if the machine stops in between, the key in use stands in both places.
  private static func makeNew(_ algorithm: SignatureAlgorithm, in state: StateDirectory) throws -> SigningKeys {
    let used = try current(folder: state.path).map { [$0.verificationKey] } ?? []
    let new = SigningKeys(
      current: try SigningKey.generate(algorithm), retired: used + (try retired(folder: state.path)))
    try state.write(JSONFragment(JSONWebKey.set(new.retired)).bytes, to: retiredFile)
    try state.write(try new.current.pem(), to: currentFile)
    return new
  }

  /// The keys of a state folder, whoever owns it; nil where there are none. Files are written whole, so that reading needs
  /// no lock.
  static func read(folder: String) throws(StartError) -> SigningKeys? {
    guard let current = try current(folder: folder) else { return nil }
    return SigningKeys(current: current, retired: try retired(folder: folder))
  }

  private static func current(folder: String) throws(StartError) -> SigningKey? {
    guard let pem = try bytes(folder + "/" + currentFile) else { return nil }
    do throws(CryptoError) {
      return try SigningKey(pem: pem)
    } catch {
      throw StartError("\(folder)/\(currentFile): \(error); restore it, or remove it for a new key")
    }
  }

  private static func retired(folder: String) throws(StartError) -> [VerificationKey] {
    guard let list = try bytes(folder + "/" + retiredFile) else { return [] }
    guard let keys = (try? JSONValue.parse(list)).flatMap(JSONWebKey.readSet) else {
      throw StartError("\(folder)/\(retiredFile) is no key set; restore it, or remove it to forget earlier keys")
    }
    return keys.map(\.key)
  }

  private static func bytes(_ file: String) throws(StartError) -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    do {
      return try BoundedFile.read(file, bytesMax: StateDirectory.fileBytesMax)
    } catch {
      throw StartError("\(file): \(error.message)")
    }
  }
}

extension SignatureConfiguration.Signing {
  var algorithm: SignatureAlgorithm? {
    switch self {
    case .es256: .es256
    case .edDSA: .edDSA
    case .off: nil
    }
  }
}
