internal import Configuration
internal import Network

/// Reads what a listener's TLS is made of.
enum TLSMaterial {
  private static let fileBytesMax = 4 * 1024 * 1024

  /// nil for a plain listener.
  static func context(of listener: ListenerConfiguration) throws -> TLSContext? {
    guard let tls = listener.tls else { return nil }
    do {
      var configuration = TLSServerConfiguration(
        certificates: try tls.certificates.map { certificate in
          TLSCertificate(
            chain: try read(certificate.certificate), key: try certificate.key.read())
        })
      configuration.minimumVersion = tls.minimumVersion == .tls13 ? .tls13 : .tls12
      if let file = tls.clientCA {
        configuration.clientCA = try read(file)
        configuration.clientAuthentication = .required
      }
      return try TLSContext(configuration)
    } catch {
      throw StartError("TLS of the listener \(listener.bind.text): \(culprit(in: tls))\(error)")
    }
  }

  /// Which of a listener's files cannot be used, for a message; empty where that is not known or said anyway.
  private static func culprit(in tls: TLSConfiguration) -> String {
    for certificate in tls.certificates {
      guard let chain = try? read(certificate.certificate), let key = try? certificate.key.read() else { return "" }
      let alone = TLSServerConfiguration(certificates: [TLSCertificate(chain: chain, key: key)])
      if (try? TLSContext(alone)) == nil { return "\(certificate.certificate) with its key: " }
    }
    return tls.clientCA.map { "\($0): " } ?? ""
  }

  /// What is wrong with the certificates, keys and authorities of a configuration's listeners.
  static func faults(in configuration: GatewayConfiguration) -> [Diagnostic] {
    configuration.listeners.compactMap { listener -> Diagnostic? in
      do {
        _ = try context(of: listener)
        return nil
      } catch {
        return Diagnostic(file: "", message: "\(error)")
      }
    }
  }

  /// For an upstream: the authorities of a PEM file in place of the system's.
  static func client(authorityFile: String?) throws -> TLSClientContext {
    var configuration = TLSClientConfiguration()
    if let authorityFile { configuration.authorities = try read(authorityFile) }
    do {
      return try TLSClientContext(configuration)
    } catch {
      throw StartError("TLS to an upstream: \(error.message)")
    }
  }

  /// For an external agent: its authorities, and our certificate where it wants one. nil for the system's authorities alone.
  static func client(of agent: ExternalAgentConfiguration) throws -> TLSClientContext? {
    var configuration = TLSClientConfiguration()
    if let file = agent.authorityFile { configuration.authorities = try read(file) }
    if case .mutualTLS(let certificateFile, let key) = agent.credentials {
      configuration.certificateChain = try read(certificateFile)
      configuration.certificateKey = try key.read()
    }
    if configuration == TLSClientConfiguration() { return nil }
    do {
      return try TLSClientContext(configuration)
    } catch {
      throw StartError("TLS to \(agent.agentURL ?? agent.cardURL ?? ""): \(error.message)")
    }
  }

  /// For other servers than the agent's own: its authorities, without our certificate.
  static func trust(of agent: ExternalAgent) throws -> TLSClientContext? {
    guard case .mutualTLS = agent.configuration.credentials else { return agent.network.tls }
    return try clientContext(authorityFile: agent.configuration.authorityFile)
  }

  /// The trust in an upstream that names its own authorities; nil for the system's.
  static func clientContext(authorityFile: String?) throws -> TLSClientContext? {
    guard let authorityFile else { return nil }
    var configuration = TLSClientConfiguration()
    configuration.authorities = try read(authorityFile)
    do {
      return try TLSClientContext(configuration)
    } catch {
      throw StartError("\(authorityFile): \(error)")
    }
  }

  private static func read(_ file: String) throws -> [UInt8] {
    do {
      return try BoundedFile.read(file, bytesMax: fileBytesMax)
    } catch {
      throw StartError("\(file): \(error.message)")
    }
  }
}
