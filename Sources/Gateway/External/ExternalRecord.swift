internal import Configuration
internal import JSON

/// All that is kept of an external agent: what was asked for, and what its card says.
struct ExternalRecord: AgentRecord, Equatable {
  /// Who asked for the agent.
  enum Origin: String, Sendable {
    /// A call; what it asked for is kept here.
    case call
    /// A card file, which says all but the card again at each start.
    case file
  }

  /// A card as it came, and how it was had.
  struct Card: Sendable, Equatable {
    /// The agent's own document, nothing changed but blanks.
    var document: JSONFragment
    /// Where it was found.
    var url: String
    var validators: FetchValidators
    /// Milliseconds since 1970, as all times here.
    var fetchedAt: Int64
    /// What its signatures are worth.
    var verdict: SignatureVerdict = .unchecked
    /// By interface, in the order of the card.
    var probes: [InterfaceProbe.Result] = []
  }

  /// A card that is held until an operator approves it.
  struct Candidate: Sendable, Equatable {
    var card: Card
    /// What it changes, for people.
    var drift: [String]
  }

  struct Failure: Sendable, Equatable {
    var at: Int64
    var message: String
  }

  var key: String
  var origin: Origin
  var displayName: String
  var details: String
  var path: String
  /// At least one of this and the next is stated.
  var agentURL: String?
  var cardURL: String?
  var headers: [SealedHeader]
  /// Of an agent of a card file the file alone knows them.
  var credentials: SealedCredentials?
  /// Of an agent that a command has registered; see ``OperatorFiles``.
  var authorityFile: String?
  var pin: ExternalAgentConfiguration.Pin
  /// The card in force.
  var card: Card
  var candidate: Candidate?
  /// Of the last attempt to refresh the card, if it failed.
  var failure: Failure?
  var createdAt: Int64
  var updatedAt: Int64
  var createdBy: String
  var updatedBy: String
  /// Counts changes, from 1.
  var revision: Int
}

extension ExternalRecord {
  /// Where the records of calls are kept; those of card files hold no more than their cards.
  static let folder = "agents/external"
  static let fileFolder = "agents/card-files"
  static let suffix = ".json"

  var fileName: String { ExternalRecord.fileName(of: key, origin) }

  /// Longer keys would make longer names than file systems take. No key begins with `_`.
  static func fileName(of key: String, _ origin: Origin) -> String {
    let name = key.utf8.count <= 200 ? key : "_" + SealedHeader.digest(key)
    return (origin == .call ? folder : fileFolder) + "/" + name + suffix
  }
}

// MARK: - As JSON

/// What is wrong with a record's file.
struct RecordFault: Error, CustomStringConvertible {
  let description: String
}

extension ExternalRecord {
  /// The form of the file; a later one must be able to read this.
  private static let form = 1

  var encoded: [UInt8] {
    var writer = JSONWriter(reserving: card.document.bytes.count + 1024)
    writer.beginObject()
    writer.member("form", ExternalRecord.form)
    writer.member("key", key)
    writer.member("origin", origin.rawValue)
    writer.member("display_name", displayName)
    writer.member("description", details)
    writer.member("path", path)
    if let agentURL { writer.member("agent_url", agentURL) }
    if let cardURL { writer.member("card_url", cardURL) }
    if let binding = pin.binding { writer.member("preferred_transport", binding) }
    if let version = pin.version { writer.member("protocol_version", version) }
    writer.key("headers")
    writer.beginArray()
    for header in headers { header.write(into: &writer) }
    writer.endArray()
    if let credentials {
      writer.key("credentials")
      credentials.write(into: &writer)
    }
    if let authorityFile { writer.member("ca_file", authorityFile) }
    writer.key("card")
    card.write(into: &writer)
    if let candidate {
      writer.key("candidate")
      writer.beginObject()
      writer.key("card")
      candidate.card.write(into: &writer)
      writer.member("drift", .array(candidate.drift.map { .string($0) }))
      writer.endObject()
    }
    if let failure {
      writer.member("failure", ["at": .int(Int(failure.at)), "message": .string(failure.message)])
    }
    writer.member("created_at", Int(createdAt))
    writer.member("updated_at", Int(updatedAt))
    writer.member("created_by", createdBy)
    writer.member("updated_by", updatedBy)
    writer.member("revision", revision)
    writer.endObject()
    return writer.finish()
  }

  init(_ bytes: [UInt8]) throws(RecordFault) {
    let root: JSONNode
    do throws(JSONError) {
      root = try JSONDocument.parse(bytes, limits: JSONLimits(bytesMax: StateDirectory.fileBytesMax)).root
    } catch {
      throw RecordFault(description: "it is not JSON: at byte \(error.offset), \(error.message)")
    }
    guard root["form"]?.int64 == Int64(ExternalRecord.form) else {
      throw RecordFault(description: "it was written by another version of the gateway")
    }
    let reader = RecordReader(root)
    self.init(
      key: try reader.string("key"), origin: try reader.name("origin"),
      displayName: try reader.string("display_name"), details: try reader.string("description"),
      path: try reader.string("path"), agentURL: root["agent_url"]?.string, cardURL: root["card_url"]?.string,
      headers: try reader.elements("headers") { node throws(RecordFault) in try SealedHeader(node) },
      pin: ExternalAgentConfiguration.Pin(
        binding: root["preferred_transport"]?.string, version: root["protocol_version"]?.string),
      card: try Card(reader.member("card")), createdAt: try reader.integer("created_at"),
      updatedAt: try reader.integer("updated_at"), createdBy: try reader.string("created_by"),
      updatedBy: try reader.string("updated_by"), revision: Int(try reader.integer("revision")))
    authorityFile = root["ca_file"]?.string
    if let node = root["credentials"] { credentials = try SealedCredentials(node) }
    if let node = root["candidate"] {
      let reader = RecordReader(node)
      candidate = Candidate(
        card: try Card(reader.member("card")),
        drift: try reader.elements("drift") { node throws(RecordFault) in node.string ?? "" })
    }
    if let node = root["failure"] {
      let reader = RecordReader(node)
      failure = Failure(at: try reader.integer("at"), message: try reader.string("message"))
    }
  }
}

extension ExternalRecord.Card {
  fileprivate func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("url", url)
    if let tag = validators.entityTag { writer.member("etag", tag) }
    if let date = validators.lastModified { writer.member("last_modified", date) }
    writer.member("fetched_at", Int(fetchedAt))
    writer.member("signature", verdict.json)
    writer.key("probes")
    probes.write(into: &writer)
    writer.member("document", document)
    writer.endObject()
  }

  fileprivate init(_ node: JSONNode) throws(RecordFault) {
    let reader = RecordReader(node)
    self.init(
      document: try reader.member("document").fragment, url: try reader.string("url"),
      validators: FetchValidators(
        entityTag: node["etag"]?.string, lastModified: node["last_modified"]?.string),
      fetchedAt: try reader.integer("fetched_at"), verdict: SignatureVerdict(node["signature"]),
      probes: try reader.elements("probes") { node throws(RecordFault) in try InterfaceProbe.Result(node) })
  }
}

/// Reads members that a file of ours must have.
struct RecordReader {
  let node: JSONNode

  init(_ node: JSONNode) { self.node = node }

  func member(_ name: StaticString) throws(RecordFault) -> JSONNode {
    guard let member = node[name] else { throw RecordFault(description: "\"\(name)\" is missing") }
    return member
  }

  func string(_ name: StaticString) throws(RecordFault) -> String {
    guard let text = try member(name).string else { throw RecordFault(description: "\"\(name)\" is no text") }
    return text
  }

  func integer(_ name: StaticString) throws(RecordFault) -> Int64 {
    guard let number = try member(name).int64 else { throw RecordFault(description: "\"\(name)\" is no number") }
    return number
  }

  func name<Value: RawRepresentable>(_ name: StaticString) throws(RecordFault) -> Value
  where Value.RawValue == String {
    guard let value = Value(rawValue: try string(name)) else {
      throw RecordFault(description: "\"\(name)\" has a value that is not known here")
    }
    return value
  }

  func elements<Element>(
    _ name: StaticString, _ read: (JSONNode) throws(RecordFault) -> Element
  ) throws(RecordFault) -> [Element] {
    var result: [Element] = []
    for node in try member(name).elements { result.append(try read(node)) }
    return result
  }
}
