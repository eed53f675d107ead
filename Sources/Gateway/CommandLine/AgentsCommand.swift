internal import Bytes
internal import Configuration
internal import FoundationEssentials
internal import HTTP
internal import JSON
internal import Network
internal import Orq

/// `a2a-gateway agents`.
enum AgentsCommand {
  static func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let verb = arguments.first ?? ""
    let rest = Array(arguments.dropFirst())
    switch verb {
    case "list": return try list(rest, console)
    case "add": return try add(rest, console)
    case "refresh", "approve": return try change(verb, rest, console)
    case "remove": return try remove(rest, console)
    case "test": return try test(rest, console)
    case "versions": return try AgentVersionsCommand.run(rest, console)
    default: throw UsageError(message: "agents takes list, add, refresh, approve, test, remove or versions")
    }
  }

  // MARK: Verbs

  private static func list(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"], flags: ["json"])
    guard arguments.words.isEmpty else { throw UsageError(message: "agents list takes no words, only options") }
    guard let gateway = try RunningGateway(arguments, console) else { return .configurationInvalid }
    let answer = try gateway.call(.get, "/agents")
    if arguments.has("json") {
      console.print(String(decoding: answer.body, as: UTF8.self))
      return answer.isOK ? .ok : .failed
    }
    guard answer.isOK, let agents = answer.json?["agents"] else { return answer.report(console) }
    let rows = agents.elements.map { agent -> [String] in
      let url = agent["agent_url"]?.string ?? agent["card_url"]?.string
      return [agent["key"]?.string ?? "", agent["origin"]?.string ?? "", state(agent), url ?? ""]
    }
    if rows.isEmpty {
      console.error("There are no external agents. See: a2a-gateway help agents")
      return .ok
    }
    printTable([["KEY", "FROM", "STATE", "URL"]] + rows, console)
    return .ok
  }

  private static func add(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(
      arguments,
      options: Set(
        ["config", "key", "name", "description", "path", "card-url", "header", "binding", "protocol"]
          + AgentCredentials.options),
      flags: ["json"])
    guard let url = arguments.words.first, arguments.words.count == 1 else {
      throw UsageError(message: "agents add takes the URL of one agent")
    }
    let (credentials, files) = try AgentCredentials.read(arguments)
    let headers = try headers(arguments.all("header"), console)
    guard let gateway = try RunningGateway(arguments, console) else { return .configurationInvalid }
    var registration = OrqExternalRegistration(
      key: arguments[option: "key"] ?? "agent", displayName: arguments[option: "name"] ?? "agent",
      description: arguments[option: "description"], path: arguments[option: "path"] ?? "Default", agentURL: url,
      cardURL: arguments[option: "card-url"], headers: headers, credentials: credentials,
      protocolVersion: arguments[option: "protocol"], preferredTransport: arguments[option: "binding"])
    console.error("Looking for the agent's card at \(registration.cardURL ?? url) …")
    if arguments[option: "key"] == nil || arguments[option: "name"] == nil {
      let look = try gateway.call(.post, "/agents/look", body: body(registration, files))
      guard look.isOK, let name = look.json?["card"]?["name"]?.string else { return look.report(console) }
      registration.displayName = arguments[option: "name"] ?? name
      if arguments[option: "key"] == nil {
        guard let key = key(of: name) else {
          console.error("a2a-gateway: no key can be made of the card's name; give one with --key")
          return .failed
        }
        registration.key = key
      }
    }
    console.error("Registering it as \(registration.key) …")
    let answer = try gateway.call(.post, "/agents", body: body(registration, files))
    guard answer.isOK, let agent = answer.json else { return answer.report(console) }
    for probe in agent["probes"]?.elements ?? [] { noteFaults(of: probe, console) }
    console.print(
      arguments.has("json") ? String(decoding: answer.body, as: UTF8.self) : agent["key"]?.string ?? registration.key)
    return .ok
  }

  private static func change(_ verb: String, _ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"], flags: ["json"])
    guard let gateway = try RunningGateway(arguments, console) else { return .configurationInvalid }
    if verb == "refresh" { console.error("Fetching the card …") }
    let answer = try gateway.call(.post, "/agents/\(try key(arguments, verb))/\(verb)")
    guard answer.isOK, let agent = answer.json else { return answer.report(console) }
    if arguments.has("json") { console.print(String(decoding: answer.body, as: UTF8.self)) }
    let held = agent["held"]?.elements.compactMap(\.string) ?? []
    if !held.isEmpty {
      console.error(
        "The new card is held: \(ForeignText.list(held)). Take it with: a2a-gateway agents approve "
          + (agent["key"]?.string ?? ""))
    } else if !arguments.has("json") {
      console.print("\(agent["key"]?.string ?? ""): \(state(agent))")
    }
    return .ok
  }

  private static func remove(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"])
    guard let gateway = try RunningGateway(arguments, console) else { return .configurationInvalid }
    let key = try key(arguments, "remove")
    let answer = try gateway.call(.delete, "/agents/\(key)")
    guard answer.isOK else { return answer.report(console) }
    console.print("\(key): removed")
    return .ok
  }

  private static func test(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"], flags: ["json"])
    guard let gateway = try RunningGateway(arguments, console) else { return .configurationInvalid }
    let key = try key(arguments, "test")
    console.error("Asking the agent …")
    let answer = try gateway.call(.post, "/agents/\(key)/test")
    guard answer.isOK, let test = answer.json else { return answer.report(console) }
    let isReachable = test["reachable"]?.bool == true
    if arguments.has("json") {
      console.print(String(decoding: answer.body, as: UTF8.self))
    } else {
      console.print("\(key): \(isReachable ? "reachable" : "not reachable: " + (test["message"]?.string ?? ""))")
      for probe in test["probes"]?.elements ?? [] { printProbe(probe, console) }
    }
    return isReachable ? .ok : .checkFailed
  }

  // MARK: Words

  /// What the gateway's socket takes: a registration, and files that a call over the network cannot name.
  private static func body(_ registration: OrqExternalRegistration, _ files: OperatorFiles) throws -> [UInt8] {
    let body = registration.encoded(for: .v4)
    guard files != OperatorFiles() else { return body }
    var names: JSONObject = [:]
    names["certificate"] = files.certificate.map { .string($0.certificate) }
    names["key"] = files.certificate.map { .string($0.key) }
    names["authority"] = files.authority.map { .string($0) }
    var members = try JSONValue.parse(body).object ?? [:]
    members["files"] = .object(names)
    return JSONFragment(.object(members)).bytes
  }

  /// `NAME=VALUE`, or `NAME=@FILE` and `NAME=env:VARIABLE` for a value that is elsewhere.
  private static func headers(_ words: [String], _ console: Console) throws -> [OrqExternalHeader] {
    try words.map { word in
      guard let mark = word.firstIndex(of: "="), mark != word.startIndex else {
        throw UsageError(message: "--header takes NAME=VALUE, NAME=@FILE or NAME=env:VARIABLE")
      }
      let name = String(word[..<mark])
      let value = String(word[word.index(after: mark)...])
      if let stored = try AgentCredentials.stored(value) {
        return OrqExternalHeader(name: name, value: stored, isEncrypted: true)
      }
      if ["authorization", "cookie", "key", "token", "secret"].contains(where: { name.lowercased().contains($0) }) {
        console.error(
          "Note: other users of this machine can read the value of \(name) while this command runs; "
            + "--header \(name)=@FILE reads it from a file")
      }
      return OrqExternalHeader(name: name, value: value, isEncrypted: true)
    }
  }

  private static func key(_ arguments: Arguments, _ verb: String) throws(UsageError) -> String {
    guard let key = arguments.words.first, arguments.words.count == 1 else {
      throw UsageError(message: "agents \(verb) takes the key of one agent")
    }
    return PercentEncoding.encodePathSegment(key)
  }

  /// A key for a name: its letters and digits in lower case, joined by hyphens; nil where none is left.
  static func key(of name: String) -> String? {
    var key = ""
    for byte in name.lowercased().utf8 {
      let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      if isLetter || ASCII.isDigit(byte) && !key.isEmpty {
        key.unicodeScalars.append(Unicode.Scalar(byte))
      } else if !key.isEmpty, !key.hasSuffix("-") {
        key += "-"
      }
      if key.utf8.count >= 64 { break }
    }
    while key.hasSuffix("-") { key.removeLast() }
    return AgentKey.isValid(key) ? key : nil
  }

  // MARK: Showing

  /// What of an interface is not as the card says.
  private static func noteFaults(of probe: JSONNode, _ console: Console) {
    let place = "\(probe["binding"]?.string ?? "") at \(probe["url"]?.string ?? "")"
    let outcome = probe["outcome"]?.string ?? ""
    if outcome != "verified" { console.error("Note: \(place) is \(outcome): \(probe["note"]?.string ?? "")") }
    guard let streaming = probe["streaming"]?.string, streaming != "verified", outcome == "verified" else { return }
    console.error("Note: streams of \(place) are \(streaming): \(probe["streaming_note"]?.string ?? "")")
  }

  private static func printProbe(_ probe: JSONNode, _ console: Console) {
    func words(_ name: StaticString, _ note: StaticString) -> String? {
      guard let outcome = probe[name]?.string else { return nil }
      guard let note = probe[note]?.string, !note.isEmpty else { return outcome }
      return "\(outcome) (\(note))"
    }
    let streams = words("streaming", "streaming_note").map { ", streams \($0)" } ?? ""
    console.print(
      "  \(probe["binding"]?.string ?? "") \(probe["version"]?.string ?? "") at \(probe["url"]?.string ?? ""): "
        + (words("outcome", "note") ?? "") + streams)
  }

  private static func state(_ agent: JSONNode) -> String {
    if agent["held"] != nil { return "held" }
    if agent["failure"] != nil { return "stale" }
    if agent["card_fetched_at"]?.string == "" { return "no-card" }
    let outcomes = agent["probes"]?.elements.compactMap { $0["outcome"]?.string } ?? []
    return outcomes.contains("verified") ? "ok" : outcomes.first ?? "ok"
  }

  static func printTable(_ rows: [[String]], _ console: Console) {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
      let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
      var line = cells.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      console.print(line)
    }
  }
}

/// The gateway that runs with a configuration, over the socket in its state folder.
struct RunningGateway {
  private let path: String

  /// nil where the configuration cannot be used, which has been told.
  init?(_ arguments: Arguments, _ console: Console) throws {
    let loaded = ConfigurationLoader.load(file: ConfigurationFile.path(arguments))
    guard let (configuration, _) = ConfigurationFile.report(loaded, console) else { return nil }
    path = StateDirectory.folder(configuration.state) + "/" + AdminSocket.fileName
  }

  init(socket path: String) { self.path = path }

  struct Answer {
    let status: Int
    let body: [UInt8]

    var isOK: Bool { status == 200 }
    var json: JSONNode? { try? JSONDocument.parse(body).root }

    /// Says what the gateway refuses.
    func report(_ console: Console) -> ExitCode {
      console.error("a2a-gateway: \(json?["message"]?.string ?? "the gateway answered \(status)")")
      return .failed
    }
  }

  func call(_ method: HTTPMethod, _ target: String, body: [UInt8] = []) throws -> Answer {
    guard let address = SocketAddress("unix:" + path) else {
      throw RemoteUnreachable(message: "\(path) is no path of a socket")
    }
    var fields = HTTPFields()
    if !body.isEmpty { fields.add("content-type", "application/json") }
    do {
      let answer = try RemoteCall(authorityFile: nil, address: address).run(
        method, "http://a2a-gateway" + target, fields: fields, body: body)
      return Answer(status: answer.status, body: answer.body)
    } catch let error as RemoteUnreachable {
      let reason = error.message.split(separator: ": ").last ?? ""
      throw RemoteUnreachable(
        message: "no gateway runs with this configuration (\(path): \(reason)); start it with: a2a-gateway serve")
    }
  }
}
