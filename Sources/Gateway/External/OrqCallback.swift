internal import Configuration
internal import Crypto
internal import Telemetry

/// How the Orq workspace reaches the external agents that this gateway registers in it.
struct OrqCallback: Sendable {
  let publicURL: String
  /// An API key of this gateway; nil where the listener wants none.
  let key: String?

  /// nil where nothing is registered in the workspace.
  ///
  /// - Throws: ``StartError`` for a key that cannot be read, or that is nobody's here.
  init?(_ builder: RegistryBuilder) throws(StartError) {
    let configuration = builder.configuration
    guard let orq = configuration.orq, orq.registersExternal,
      let index = configuration.listeners.firstIndex(where: { $0.faces.contains(.a2a) })
    else { return nil }
    publicURL = builder.publicURLs[index]
    key = try orq.callbackKey.map { secret throws(StartError) in try OrqCallback.read(secret, configuration.keys) }
    let auth = configuration.listeners[index].auth
    if key == nil, !auth.anonymous {
      builder.logger.warning(
        "Orq cannot call the agents that are registered there: name a key of this gateway in orq.callback_key",
        ["url": .string(publicURL)])
    }
  }

  private static func read(_ secret: Secret, _ keys: [APIKeyConfiguration]) throws(StartError) -> String {
    let bytes: [UInt8]
    do throws(SecretError) {
      bytes = try secret.read()
    } catch {
      throw StartError("orq.callback_key: \(error.message)")
    }
    let digest = SHA256.hash(bytes)
    guard keys.contains(where: { $0.sha256 == digest }) else {
      throw StartError("orq.callback_key is no key of this gateway: add its SHA-256 to \"keys\" (see keys hash)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
