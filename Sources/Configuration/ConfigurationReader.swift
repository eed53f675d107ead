import Bytes
import FoundationEssentials
import JSON

/// Reads the configuration file: one function per object of the file, each line one key with its bounds.
struct ConfigurationReader {
  let faults: FaultList
  let folder: String
  let defaults: GatewayConfiguration

  func read(_ root: JSONCNode) -> GatewayConfiguration {
    var result = defaults
    result.cards = Path.resolve(result.cards, in: folder)
    _ = ObjectReader.read(root, "the configuration", faults: faults, folder: folder) { reader in
      keys(&reader, &result)
      let keyCount = result.keys.count
      listeners(&reader, &result, keyCount: keyCount)
      _ = reader.object("admin") { admin(&$0, &result.admin, listeners: result.listeners) }
      if let cards = reader.path("cards") { result.cards = cards }
      if let node = reader.value("default_agent"), let key = reader.string(node, "default_agent") {
        if let fault = AgentKey.fault(key) {
          faults.error(node.range, "\"default_agent\" \(fault)")
        } else {
          result.defaultAgent = key
        }
      }
      result.orq = reader.object("orq") { OrqReader(faults: faults).workspace(&$0) } ?? nil
      _ = reader.object("runtime") { runtime(&$0, &result.runtime) }
      _ = reader.object("state") { result.state.folder = $0.path("dir") }
      _ = reader.object("egress") { egress(&$0, &result.egress) }
      _ = reader.object("signatures") { signatures(&$0, &result.signatures) }
      _ = reader.object("external") { external(&$0, &result.external, result.signatures) }
      _ = reader.object("limits") { LimitsReader.read(&$0, &result.limits) }
      _ = reader.object("log") { log(&$0, &result.log) }
      reader.count("workers", &result.workers, in: 1...256)
      reader.bool("lenient_versions", &result.lenientVersions)
    }
    return result
  }

  // MARK: Listeners

  private func listeners(_ reader: inout ObjectReader, _ result: inout GatewayConfiguration, keyCount: Int) {
    guard let elements = reader.elements("listeners") else { return }
    guard !elements.isEmpty else {
      return faults.error(
        reader.range(of: "listeners"), "a gateway without listeners serves nobody",
        hint: "leave \"listeners\" out for 127.0.0.1:8080")
    }
    result.listeners = elements.compactMap { element in
      reader.object(element, "a listener") { listener(&$0, keyCount: keyCount) } ?? nil
    }
    var seen: Set<BindAddress> = []
    for (element, listener) in zip(elements, result.listeners)
    where listener.bind.port != 0 && !seen.insert(listener.bind).inserted {
      faults.error(element.range, "two listeners bind \(listener.bind.text)")
    }
  }

  private func listener(_ reader: inout ObjectReader, keyCount: Int) -> ListenerConfiguration? {
    let bind = bind(&reader, isRequired: true)
    let publicURL = publicURL(&reader)
    let faces = faces(&reader)
    let tlsNode = reader.value("tls")
    let tls = tlsNode.flatMap { node in reader.object(node, "\"tls\"") { self.tls(&$0) } ?? nil }
    let proxies = proxies(&reader)
    let cors = cors(&reader)
    var auth = AuthenticationConfiguration(anonymous: bind?.isLoopback ?? true)
    let said = reader.object("auth") { reader in
      reader.bool("api_keys", &auth.apiKeys)
      let anonymous = reader.bool("anonymous")
      if let anonymous { auth.anonymous = anonymous }
      return anonymous
    }
    guard let bind else { return nil }
    var result = ListenerConfiguration(bind: bind)
    result.publicURL = publicURL
    if let faces { result.faces = faces }
    result.tls = tls
    result.auth = auth
    result.trustedProxies = proxies
    result.cors = cors
    check(result, reader, keyCount: keyCount, isAnonymousExplicit: said == .some(.some(true)))
    return result
  }

  /// The rules that concern several keys of a listener.
  private func check(
    _ listener: ListenerConfiguration, _ reader: ObjectReader, keyCount: Int, isAnonymousExplicit: Bool
  ) {
    if listener.publicURL == nil, !listener.bind.isLoopback, reader.isMissing("public_url") {
      faults.error(
        reader.range(of: "bind"), "a listener beyond loopback needs \"public_url\"",
        hint: "agent cards tell callers this address, such as \"https://agents.example.com\"")
    }
    if listener.tls != nil, let url = listener.publicURL, url.hasPrefix("http://") {
      faults.warning(
        reader.range(of: "public_url"), "the listener speaks TLS, but its \"public_url\" begins with http://")
    }
    let isMutual = listener.tls?.clientCA != nil
    if !listener.auth.anonymous, !isMutual, !listener.auth.apiKeys || keyCount == 0 {
      faults.error(
        reader.range(of: reader.isMissing("auth") ? "bind" : "auth"), "nobody could call this listener",
        hint: "add a key under \"keys\" (make one with `a2a-gateway keys new NAME`), or allow \"anonymous\"")
    }
    guard !listener.bind.isLoopback, !listener.bind.isUnix else { return }
    if isAnonymousExplicit {
      faults.warning(reader.range(of: "auth"), "anyone who reaches \(listener.bind.text) may call the agents")
    }
    if listener.tls == nil, let url = listener.publicURL, url.hasPrefix("http://"), keyCount > 0 {
      faults.warning(
        reader.range(of: "public_url"), "keys and messages travel in the clear",
        hint: "add \"tls\", or put a proxy that ends TLS in front and give its https:// address")
    }
  }

  private func bind(_ reader: inout ObjectReader, isRequired: Bool) -> BindAddress? {
    let hint = "write an address and a port, such as \"127.0.0.1:8080\", \"[::]:8443\" or \"unix:/run/gateway.sock\""
    guard let node = isRequired ? reader.required("bind", hint: hint) : reader.value("bind"),
      let text = reader.string(node, "bind")
    else { return nil }
    guard let bind = BindAddress(text, folder: folder) else {
      faults.error(node.range, "\"\(text)\" is no address to bind", hint: hint)
      return nil
    }
    return bind
  }

  private func publicURL(_ reader: inout ObjectReader) -> String? {
    guard let node = reader.value("public_url"), let text = reader.string(node, "public_url") else { return nil }
    if let fault = WebAddress.faultInBase(text) {
      faults.error(node.range, "\"public_url\" \(fault)")
      return nil
    }
    var result = text[...]
    while result.hasSuffix("/") { result.removeLast() }
    return String(result)
  }

  /// nil where the file states none.
  private func faces(_ reader: inout ObjectReader) -> Set<ListenerConfiguration.Face>? {
    guard let words = reader.strings("faces") else { return nil }
    var result: Set<ListenerConfiguration.Face> = []
    let names = ListenerConfiguration.Face.allCases.map(\.rawValue)
    for (text, node) in words {
      if let face = ListenerConfiguration.Face(rawValue: text) {
        result.insert(face)
      } else {
        faults.error(
          node.range, "there is no face \"\(text)\"" + ObjectReader.suggestion(text, names),
          hint: "this build has: " + names.joined(separator: ", "))
      }
    }
    if words.isEmpty { faults.error(reader.range(of: "faces"), "a listener needs at least one face") }
    return result
  }

  private func proxies(_ reader: inout ObjectReader) -> [AddressRange] {
    (reader.strings("trusted_proxies") ?? []).compactMap { text, node in
      if let range = AddressRange(text) { return range }
      faults.error(node.range, "\"\(text)\" is no address and no network", hint: "such as \"10.0.0.0/8\" or \"::1\"")
      return nil
    }
  }

  private func cors(_ reader: inout ObjectReader) -> [String] {
    (reader.strings("cors") ?? []).compactMap { text, node in
      if text == "*" || WebAddress.isOrigin(text) { return text }
      faults.error(
        node.range, "\"\(text)\" is no origin",
        hint: "such as \"https://app.example.com\", without a path; \"*\" for all")
      return nil
    }
  }

  private func tls(_ reader: inout ObjectReader) -> TLSConfiguration? {
    let certificates = reader.required("certificates").flatMap { node -> [TLSConfiguration.Certificate]? in
      guard case .array(let elements) = node.content, !elements.isEmpty else {
        reader.wrong(node, "certificates", "a list of at least one certificate")
        return nil
      }
      return elements.compactMap { element in
        reader.object(element, "a certificate") { certificate(&$0) } ?? nil
      }
    }
    let clientCA = reader.file("client_ca")
    var version = TLSConfiguration.Version.tls12
    reader.choice("min_version", &version, [("1.2", .tls12), ("1.3", .tls13)])
    guard let certificates else { return nil }
    return TLSConfiguration(certificates: certificates, clientCA: clientCA, minimumVersion: version)
  }

  private func certificate(_ reader: inout ObjectReader) -> TLSConfiguration.Certificate? {
    let certificate = reader.required("cert", hint: "a PEM file: the certificate, then its chain")
      .flatMap { reader.string($0, "cert") }.map { Path.resolve($0, in: folder) }
    if let certificate { reader.expectFile(certificate, reader.range(of: "cert")) }
    let key = reader.secret("key")
    if case .file(let path) = key { reader.expectFile(path, reader.range(of: "key")) }
    guard let certificate, let key else { return nil }
    return TLSConfiguration.Certificate(certificate: certificate, key: key)
  }

  // MARK: The rest

  private func admin(
    _ reader: inout ObjectReader, _ result: inout AdminConfiguration, listeners: [ListenerConfiguration]
  ) {
    guard let bind = bind(&reader, isRequired: false) else { return }
    if !bind.isLoopback, !bind.isUnix {
      faults.error(
        reader.range(of: "bind"), "the admin listener asks nobody for a key, so it must stay on this machine",
        hint: "bind it to 127.0.0.1, to [::1] or to a Unix socket")
    } else if bind.port != 0, listeners.contains(where: { $0.bind == bind }) {
      faults.error(reader.range(of: "bind"), "a listener binds \(bind.text) already")
    }
    result.bind = bind
  }

  private func keys(_ reader: inout ObjectReader, _ result: inout GatewayConfiguration) {
    var names: Set<String> = []
    var digests: Set<[UInt8]> = []
    for element in reader.elements("keys") ?? [] {
      guard let key = reader.object(element, "a key", { self.key(&$0) }) ?? nil else { continue }
      if !names.insert(key.name).inserted { faults.error(element.range, "two keys are named \"\(key.name)\"") }
      if !digests.insert(key.sha256).inserted { faults.error(element.range, "this key stands here twice") }
      result.keys.append(key)
    }
  }

  private func key(_ reader: inout ObjectReader) -> APIKeyConfiguration? {
    let nameNode = reader.required("name", hint: "who holds the key; it appears in logs and access rules")
    let name = nameNode.flatMap { reader.string($0, "name") }
    if let name, let nameNode {
      let isVisible = name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "*") }
      if !(1...64).contains(name.utf8.count) || !isVisible {
        faults.error(nameNode.range, "a key's name is 1 to 64 visible ASCII characters without \"*\"")
      } else if name == "anonymous" {
        faults.error(nameNode.range, "\"anonymous\" is the name of callers without a key")
      }
    }
    let digestHint = "64 hexadecimal digits; `a2a-gateway keys hash` prints them for a key"
    let digestNode = reader.required("sha256", hint: digestHint)
    var digest: [UInt8]?
    if let digestNode {
      if case .string(let text) = digestNode.content, text.utf8.count == 64 { digest = Hex.decode(text) }
      // It may be the key itself that somebody wrote here.
      if digest == nil {
        faults.error(digestNode.range, "\"sha256\" is no SHA-256 digest", hint: digestHint, isSecret: true)
      }
    }
    var roles: Set<APIKeyConfiguration.Role> = []
    let roleNames = APIKeyConfiguration.Role.allCases.map(\.rawValue)
    for (text, node) in reader.strings("roles") ?? [] {
      if let role = APIKeyConfiguration.Role(rawValue: text) {
        roles.insert(role)
      } else {
        faults.error(
          node.range, "there is no role \"\(text)\"" + ObjectReader.suggestion(text, roleNames),
          hint: "one of: " + roleNames.joined(separator: ", "))
      }
    }
    guard let name, let digest else { return nil }
    return APIKeyConfiguration(name: name, sha256: digest, roles: roles)
  }

  private func runtime(_ reader: inout ObjectReader, _ result: inout RuntimeConfiguration) {
    guard let node = reader.value("models") else { return }
    guard case .object(let rules) = node.content else { return reader.wrong(node, "models", "an object of engines") }
    for rule in rules {
      if rule.name.isEmpty || rule.name.utf8.filter({ $0 == UInt8(ascii: "*") }).count > 1 {
        faults.error(
          rule.nameRange, "\"\(rule.name)\" must name models, with at most one \"*\"", hint: "such as \"local/*\"")
      }
      let engine = reader.object(rule.value, "the engine of \"\(rule.name)\"") {
        EngineReader(faults: faults, folder: folder, pattern: rule.name).engine(&$0)
      }
      if let engine = engine ?? nil { result.models.append(.init(models: Glob(rule.name), engine: engine)) }
    }
  }

  private func egress(_ reader: inout ObjectReader, _ result: inout EgressConfiguration) {
    for (text, node) in reader.strings("allow") ?? [] {
      if let range = AddressRange(text) {
        result.networks.append(range)
      } else if WebAddress.isHostName(text) {
        result.hosts.insert(text.lowercased())
      } else {
        faults.error(
          node.range, "\"\(text)\" is no network, no address and no name of a host",
          hint: "such as \"10.0.0.0/8\", \"127.0.0.1\" or \"agents.internal\"")
      }
    }
  }

  private func external(
    _ reader: inout ObjectReader, _ result: inout ExternalConfiguration, _ trust: SignatureConfiguration
  ) {
    reader.duration("refresh", &result.refresh, in: .seconds(10)...(.seconds(7 * 86_400)))
    reader.choice("drift", &result.drift, ExternalAgentConfiguration.DriftPolicy.allCases.map { ($0.rawValue, $0) })
    reader.choice(
      "signatures", &result.signatures, ExternalAgentConfiguration.SignaturePolicy.allCases.map { ($0.rawValue, $0) })
    result.trustedKeyFiles = (reader.strings("trusted_keys") ?? []).map { text, node in
      let path = Path.resolve(text, in: folder)
      reader.expectFile(path, node.range)
      return path
    }
    if result.signatures == .require, result.trustedKeyFiles.isEmpty, trust.trustedHosts.isEmpty {
      faults.error(
        reader.range(of: "signatures"), "no card could be taken: signatures are required, and no key is trusted",
        hint: "name files with public keys under \"trusted_keys\", or hosts under \"signatures\".\"trusted_hosts\"")
    }
    reader.count("agents_max", &result.agentsMax, in: 0...100_000)
  }

  private func signatures(_ reader: inout ObjectReader, _ result: inout SignatureConfiguration) {
    reader.choice("sign", &result.signing, SignatureConfiguration.Signing.allCases.map { ($0.rawValue, $0) })
    for (text, node) in reader.strings("trusted_hosts") ?? [] {
      if WebAddress.isHostName(text) {
        result.trustedHosts.insert(text.lowercased())
      } else {
        faults.error(node.range, "\"\(text)\" is no name of a host", hint: "such as \"keys.partner.example\"")
      }
    }
  }

  private func log(_ reader: inout ObjectReader, _ result: inout LogConfiguration) {
    reader.choice("level", &result.level, LogConfiguration.Level.allCases.map { ($0.rawValue, $0) })
    switch reader.string("access") {
    case nil: break
    case "stdout": result.access = .standardOutput
    case "stderr": result.access = .standardError
    case "off": result.access = .off
    case "": faults.error(reader.range(of: "access"), "\"access\" is empty", hint: "stdout, stderr, off or a file")
    case .some(let path): result.access = .file(Path.resolve(path, in: folder))
    }
  }
}
