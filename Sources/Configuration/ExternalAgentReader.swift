import JSON

/// Reads an A2A agent elsewhere, in a card file's `backend`.
struct ExternalAgentReader {
  let faults: FaultList

  private static let placeHint =
    "such as \"agent_url\": \"https://partner.example/agent\", or \"card_url\" where its card is elsewhere"

  func agent(_ reader: inout ObjectReader) -> ExternalAgentConfiguration? {
    var result = ExternalAgentConfiguration()
    result.agentURL = url("agent_url", &reader)
    result.cardURL = url("card_url", &reader)
    if reader.isMissing("agent_url"), reader.isMissing("card_url") {
      faults.error(reader.start, "\"agent_url\" or \"card_url\" is missing", hint: Self.placeHint)
    }
    result.headers = reader.headerFields(own: ["a2a-version", "a2a-extensions", "x-a2a-extensions", "via"]).map {
      UpstreamHeader(name: $0, value: $1)
    }
    let node = reader.value("credentials")
    if let node { result.credentials = reader.object(node, "\"credentials\"", credentials) ?? nil }
    warnOfClearText(result, &reader)
    result.pin = reader.object("interface", pin) ?? ExternalAgentConfiguration.Pin()
    result.authorityFile = reader.file("ca_file")
    reader.duration("refresh", &result.refresh, in: .seconds(10)...(.seconds(7 * 86_400)))
    reader.choice("drift", &result.drift, ExternalAgentConfiguration.DriftPolicy.allCases.map { ($0.rawValue, $0) })
    reader.choice(
      "signatures", &result.signatures,
      ExternalAgentConfiguration.SignaturePolicy.allCases.map { ($0.rawValue, $0) })
    result.trustedKeyFiles = keyFiles(&reader)
    if result.signatures == .require, result.trustedKeyFiles.isEmpty, reader.isMissing("trusted_keys") {
      faults.error(
        reader.range(of: "signatures"), "no signature can be trusted without \"trusted_keys\"",
        hint: "\"trusted_keys\": [\"partner.pem\"]")
    }
    let isWhole = (result.agentURL ?? result.cardURL) != nil && (node == nil || result.credentials != nil)
    return isWhole ? result : nil
  }

  private func url(_ name: String, _ reader: inout ObjectReader) -> String? {
    guard let node = reader.value(name), var url = reader.upstreamURL(node, name) else { return nil }
    if name == "agent_url" {
      while url.hasSuffix("/") { url.removeLast() }
      if url.contains("?") {
        faults.error(node.range, "\"agent_url\" must be the agent's address, without a query")
        return nil
      }
    }
    return url
  }

  private func warnOfClearText(_ agent: ExternalAgentConfiguration, _ reader: inout ObjectReader) {
    for (name, url) in [("agent_url", agent.agentURL), ("card_url", agent.cardURL)] {
      guard let url, WebAddress.isInTheClear(url) else { continue }
      let what = agent.secrets.isEmpty ? "all messages travel" : "the credentials and all messages travel"
      faults.warning(reader.range(of: name), "\(what) in the clear", hint: "use https://")
    }
  }

  // MARK: The interface

  private func pin(_ reader: inout ObjectReader) -> ExternalAgentConfiguration.Pin {
    var pin = ExternalAgentConfiguration.Pin()
    reader.choice("binding", &pin.binding, ["JSONRPC", "HTTP+JSON"].map { ($0, $0) })
    reader.choice("version", &pin.version, ["1.0", "0.3"].map { ($0, $0) })
    return pin
  }

  private func keyFiles(_ reader: inout ObjectReader) -> [String] {
    let folder = reader.folder
    return (reader.strings("trusted_keys") ?? []).map { text, node in
      let path = Path.resolve(text, in: folder)
      reader.expectFile(path, node.range)
      return path
    }
  }

  // MARK: Credentials

  private static let types = ["bearer", "api_key", "basic", "oauth2", "mtls"]

  private func credentials(_ reader: inout ObjectReader) -> ExternalCredentials? {
    let hint = "one of: " + Self.types.joined(separator: ", ")
    guard let node = reader.required("type", hint: hint), let type = reader.string(node, "type") else { return nil }
    switch type {
    case "bearer": return reader.secret("token").map { .bearer(.secret($0)) }
    case "api_key": return apiKey(&reader)
    case "basic": return basic(&reader)
    case "oauth2": return oauth2(&reader)
    case "mtls": return mutualTLS(&reader)
    default:
      faults.error(
        node.range, "there are no credentials \"\(type)\"" + ObjectReader.suggestion(type, Self.types), hint: hint)
      reader.ignoreUnknownKeys()
      return nil
    }
  }

  private func apiKey(_ reader: inout ObjectReader) -> ExternalCredentials? {
    var location = ExternalCredentials.Location.header
    reader.choice("in", &location, ExternalCredentials.Location.allCases.map { ($0.rawValue, $0) })
    let name = reader.required("name", hint: "such as \"X-API-Key\"").flatMap { node -> String? in
      guard let name = reader.string(node, "name") else { return nil }
      if ObjectReader.isToken(name) { return name }
      faults.error(node.range, "\"\(name)\" cannot be the name of a \(location == .header ? "header field" : "key")")
      return nil
    }
    let value = reader.secret("value")
    guard let name, let value else { return nil }
    return .apiKey(name: name, location: location, value: .secret(value))
  }

  private func basic(_ reader: inout ObjectReader) -> ExternalCredentials? {
    let user = reader.required("user").flatMap { node -> String? in
      guard let user = reader.string(node, "user") else { return nil }
      // RFC 7617 §2: the first colon ends the name.
      if !user.contains(":") { return user }
      faults.error(node.range, "\"user\" must not hold a colon")
      return nil
    }
    let password = reader.secret("password")
    guard let user, let password else { return nil }
    return .basic(user: user, password: .secret(password))
  }

  private func oauth2(_ reader: inout ObjectReader) -> ExternalCredentials? {
    let url = reader.required("token_url", hint: "such as \"https://login.partner.example/oauth2/token\"").flatMap {
      node -> String? in
      guard let url = reader.upstreamURL(node, "token_url") else { return nil }
      if WebAddress.isInTheClear(url) {
        faults.warning(node.range, "the client's secret travels in the clear", hint: "use https://")
      }
      return url
    }
    let clientID = reader.requiredString("client_id")
    let secret = reader.secret("client_secret")
    let scopes = (reader.strings("scopes") ?? []).map(\.text)
    let audience = reader.string("audience")
    guard let url, let clientID, let secret else { return nil }
    return .oauth2(
      ExternalCredentials.ClientCredentials(
        tokenURL: url, clientID: clientID, clientSecret: .secret(secret), scopes: scopes, audience: audience))
  }

  private func mutualTLS(_ reader: inout ObjectReader) -> ExternalCredentials? {
    let hint = "a PEM file: the certificate, then its chain"
    let isThere = reader.required("certificate", hint: hint) != nil
    let certificate = isThere ? reader.file("certificate") : nil
    let key = reader.secret("key")
    if case .file(let path) = key { reader.expectFile(path, reader.range(of: "key")) }
    guard let certificate, let key else { return nil }
    return .mutualTLS(certificateFile: certificate, key: key)
  }
}

extension ExternalAgentConfiguration {
  /// What of it is secret, in any form.
  var secrets: [TextOrSecret] {
    let fields = headers.map(\.value).filter { if case .secret = $0 { true } else { false } }
    return switch credentials {
    case nil: fields
    case .bearer(let value), .apiKey(_, _, let value), .basic(_, let value): fields + [value]
    case .oauth2(let client): fields + [client.clientSecret]
    case .mutualTLS(_, let key): fields + [.secret(key)]
    }
  }
}
