public import JSON

/// A header that calls to an external agent carry, as a request states it.
public struct OrqExternalHeader: Sendable, Equatable {
  public var name: String
  /// In an update, empty stands for the value that is stored.
  public var value: String
  public var isEncrypted: Bool

  public init(name: String, value: String, isEncrypted: Bool = false) {
    self.name = name
    self.value = value
    self.isEncrypted = isEncrypted
  }
}

/// The body that registers an external A2A agent: of `POST /v2/agents/a2a` (contract §5.1) and of `POST
/// /v2/agents/external` (contract §5.6), which has more members and requires fewer.
public struct OrqExternalRegistration: OrqRequestBody {
  public var key: String
  public var displayName: String
  public var description: String?
  public var path: String
  public var agentURL: String
  public var cardURL: String?
  public var headers: [OrqExternalHeader]
  public var credentials: OrqExternalCredentials?
  public var protocolVersion: String?
  public var preferredTransport: String?

  public init(
    key: String, displayName: String, description: String? = nil, path: String, agentURL: String,
    cardURL: String? = nil, headers: [OrqExternalHeader] = [], credentials: OrqExternalCredentials? = nil,
    protocolVersion: String? = nil, preferredTransport: String? = nil
  ) {
    self.key = key
    self.displayName = displayName
    self.description = description
    self.path = path
    self.agentURL = agentURL
    self.cardURL = cardURL
    self.headers = headers
    self.credentials = credentials
    self.protocolVersion = protocolVersion
    self.preferredTransport = preferredTransport
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      key: reader.identifier(node, "key"), displayName: reader.identifier(node, "display_name"),
      description: reader.string(node, "description", bytesMax: OrqLimits.externalTextBytesMax),
      path: reader.requiredString(node, "path", bytesMax: OrqLimits.externalTextBytesMax),
      agentURL: reader.requiredString(node, "agent_url", bytesMax: OrqLimits.uriBytesMax),
      cardURL: reader.cardURL(node), headers: reader.externalHeaders(node) ?? [],
      credentials: reader.value(node, "credentials", OrqExternalCredentials.self),
      protocolVersion: reader.string(node, "protocol_version"),
      preferredTransport: reader.string(node, "preferred_transport"))
    if cardURL == agentURL { reader.fail(at: "card_url", "Must differ from agent_url.") }
  }

  public func write(into json: inout JSONWriter, for generation: OrqGeneration) {
    json.beginObject()
    json.member("key", key)
    json.member("display_name", displayName)
    json.optional("description", description)
    json.member("path", path)
    json.member("agent_url", agentURL)
    json.optional("card_url", cardURL)
    json.externalHeaders(headers)
    if let credentials {
      json.key("credentials")
      credentials.write(into: &json)
    }
    json.optional("protocol_version", protocolVersion)
    json.optional("preferred_transport", preferredTransport)
    json.endObject()
  }
}

/// The body that changes an external agent; nil leaves as it is. `PATCH /v2/agents/{key}` holds the addresses and headers
/// in a member `a2a` (contract §3.5), `PATCH /v2/agents/external/{key}` beside the others.
public struct OrqExternalUpdate: OrqRequestBody {
  public var displayName: String?
  public var description: String?
  public var path: String?
  public var agentURL: String?
  public var cardURL: String?
  /// All of them: a header that is left out is removed. nil leaves all as they are.
  public var headers: [OrqExternalHeader]?
  public var clearsHeaders: Bool
  /// An empty secret stands for the one that is stored.
  public var credentials: OrqExternalCredentials?
  public var clearsCredentials: Bool
  public var protocolVersion: String?
  public var preferredTransport: String?

  public init(
    displayName: String? = nil, description: String? = nil, path: String? = nil, agentURL: String? = nil,
    cardURL: String? = nil, headers: [OrqExternalHeader]? = nil, clearsHeaders: Bool = false,
    credentials: OrqExternalCredentials? = nil, clearsCredentials: Bool = false, protocolVersion: String? = nil,
    preferredTransport: String? = nil
  ) {
    self.displayName = displayName
    self.description = description
    self.path = path
    self.agentURL = agentURL
    self.cardURL = cardURL
    self.headers = headers
    self.clearsHeaders = clearsHeaders
    self.credentials = credentials
    self.clearsCredentials = clearsCredentials
    self.protocolVersion = protocolVersion
    self.preferredTransport = preferredTransport
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    self.init(
      displayName: reader.string(node, "display_name"),
      description: reader.string(node, "description", bytesMax: OrqLimits.externalTextBytesMax),
      path: reader.string(node, "path", bytesMax: OrqLimits.externalTextBytesMax))
    if displayName == "" { reader.fail(at: "display_name", "Must not be empty.") }
    guard let nested = reader.member(node, "a2a") else {
      readPlace(node, &reader)
      return
    }
    if nested.kind == .object {
      reader.within("a2a") { readPlace(nested, &$0) }
    } else {
      reader.fail(at: "a2a", "Must be an object.")
    }
  }

  private mutating func readPlace(_ node: JSONNode, _ reader: inout OrqReader) {
    agentURL = reader.string(node, "agent_url", bytesMax: OrqLimits.uriBytesMax)
    cardURL = reader.cardURL(node)
    headers = reader.externalHeaders(node)
    clearsHeaders = reader.bool(node, "clear_headers") ?? false
    credentials = reader.value(node, "credentials", OrqExternalCredentials.self)
    clearsCredentials = reader.bool(node, "clear_credentials") ?? false
    protocolVersion = reader.string(node, "protocol_version")
    preferredTransport = reader.string(node, "preferred_transport")
    if clearsCredentials, credentials != nil { reader.fail(at: "clear_credentials", "Cannot be with credentials.") }
    if clearsHeaders, headers != nil { reader.fail(at: "clear_headers", "Cannot be with headers.") }
  }

  /// As `PATCH /v2/agents/{key}` takes it, which has the longer life.
  public func write(into json: inout JSONWriter, for generation: OrqGeneration) {
    json.beginObject()
    json.optional("display_name", displayName)
    json.optional("description", description)
    json.optional("path", path)
    json.key("a2a")
    json.beginObject()
    writePlace(into: &json)
    json.endObject()
    json.endObject()
  }

  /// As `PATCH /v2/agents/external/{key}` takes it.
  public func encodedForOwnPath() -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.optional("display_name", displayName)
    json.optional("description", description)
    json.optional("path", path)
    writePlace(into: &json)
    json.endObject()
    return json.finish()
  }

  private func writePlace(into json: inout JSONWriter) {
    json.optional("agent_url", agentURL)
    json.optional("card_url", cardURL)
    if let headers { json.externalHeaders(headers) }
    if clearsHeaders { json.member("clear_headers", true) }
    if let credentials {
      json.key("credentials")
      credentials.write(into: &json)
    }
    if clearsCredentials { json.member("clear_credentials", true) }
    json.optional("protocol_version", protocolVersion)
    json.optional("preferred_transport", preferredTransport)
  }
}

/// The value of a header, under the header's name.
private struct HeaderValue: OrqReadable {
  static var author: OrqReader.Author { .caller }

  var value: String
  var isEncrypted: Bool

  init(_ node: JSONNode, _ reader: inout OrqReader) {
    value = reader.string(node, "value", bytesMax: OrqLimits.headerValueBytesMax) ?? ""
    isEncrypted = reader.bool(node, "encrypted") ?? false
  }
}

extension OrqReader {
  fileprivate mutating func cardURL(_ node: JSONNode) -> String? {
    // The SDKs leave out what is not given; an empty text says the same.
    let text = string(node, "card_url", bytesMax: OrqLimits.uriBytesMax)
    return text == "" ? nil : text
  }

  /// nil when absent or null.
  fileprivate mutating func externalHeaders(_ node: JSONNode) -> [OrqExternalHeader]? {
    guard let headers = member(node, "headers") else { return nil }
    guard headers.kind == .object, headers.count <= OrqLimits.externalHeadersMax else {
      fail(
        at: "headers",
        headers.kind == .object
          ? "Must not have more than \(OrqLimits.externalHeadersMax) members." : "Must be an object.")
      return nil
    }
    return requiredMembers(node, "headers", HeaderValue.self).map {
      OrqExternalHeader(name: $0.name, value: $0.value.value, isEncrypted: $0.value.isEncrypted)
    }
  }
}

extension JSONWriter {
  /// Headers as requests state them.
  fileprivate mutating func externalHeaders(_ headers: [OrqExternalHeader]) {
    key("headers")
    beginObject()
    for header in headers {
      key(string: header.name)
      beginObject()
      member("value", header.value)
      member("encrypted", header.isEncrypted)
      endObject()
    }
    endObject()
  }
}
