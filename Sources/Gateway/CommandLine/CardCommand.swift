internal import A2A
internal import Configuration
internal import HTTP
internal import JSON
internal import Telemetry

/// `a2a-gateway card`.
enum CardCommand {
  static func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
    switch arguments.first {
    case "get": return try get(Array(arguments.dropFirst()), console)
    case "lint": return try lint(Array(arguments.dropFirst()), console)
    case "sign": return try CardSignatureCommand.sign(Array(arguments.dropFirst()), console)
    case "verify": return try CardSignatureCommand.verify(Array(arguments.dropFirst()), console)
    case "diff": return try CardSignatureCommand.diff(Array(arguments.dropFirst()), console)
    default: throw UsageError(message: "card takes get, lint, sign, verify or diff")
    }
  }

  // MARK: get

  private static func get(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config", "version", "ca"])
    guard let subject = arguments.words.first, arguments.words.count == 1 else {
      throw UsageError(message: "card get takes one agent or URL")
    }
    let form = try form(arguments[option: "version"])
    if subject.contains("://") { return try fetch(subject, form, arguments, console) }
    let loaded = ConfigurationLoader.load(file: ConfigurationFile.path(arguments))
    guard let (configuration, cards) = ConfigurationFile.report(loaded, console) else { return .configurationInvalid }
    let urls = configuration.listeners.map(\.localURL)
    let builder = RegistryBuilder(
      configuration: configuration, publicURLs: urls, logger: .silent,
      workspace: try configuration.orq.map { try OrqWorkspace($0, gatewayName: GatewayHops.name(deployment: "none")) })
    guard let documents = try builder.build(cards: cards)[subject]?.documents.first else {
      console.error(
        "a2a-gateway: there is no agent \"\(subject)\"; there are: \(cards.map(\.key).joined(separator: ", "))")
      return .failed
    }
    let document =
      switch form {
      case .v1: documents.v1
      case .v03: documents.v03
      case .superset: documents.superset
      }
    console.print(String(decoding: document.body, as: UTF8.self))
    return .ok
  }

  /// The card of any agent, from its URL with the well-known path, or from the card's own URL.
  private static func fetch(_ url: String, _ form: AgentCardCodec.Form, _ arguments: Arguments, _ console: Console)
    throws -> ExitCode
  {
    var fields = HTTPFields()
    fields.add("Accept", "application/json")
    if form == .v1 { fields.add("A2A-Version", "1.0") }
    if form == .v03 { fields.add("A2A-Version", "0.3") }
    let address = cardURL(url)
    let answer = try RemoteCall.forDocument(authorityFile: arguments[option: "ca"]).run(.get, address, fields: fields)
    guard answer.status == 200 else {
      console.error("a2a-gateway: \(address) answered \(answer.status)")
      return .failed
    }
    console.print(String(decoding: answer.body, as: UTF8.self))
    do {
      _ = try AgentCardCodec.decode(try JSONValue.parse(answer.body))
      return .ok
    } catch let error as AgentCardFaults {
      for fault in error.faults { console.error("\(address): \(fault.path): \(fault.message)") }
    } catch {
      console.error("\(address): not JSON")
    }
    return .checkFailed
  }

  /// Where the card is: at the URL itself where it is that of a card, else at the well-known path below it.
  static func cardURL(_ url: String) -> String {
    if url.hasSuffix(".json") || url.hasSuffix("/card") { return url }
    return (url.hasSuffix("/") ? String(url.dropLast()) : url) + "/.well-known/agent-card.json"
  }

  private static func form(_ version: String?) throws -> AgentCardCodec.Form {
    switch version {
    case nil: .superset
    case "1.0", "1": .v1
    case "0.3": .v03
    case let version?: throw UsageError(message: "there is no version \(version); there are 1.0 and 0.3")
    }
  }

  // MARK: lint

  private static func lint(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments)
    guard !arguments.words.isEmpty else { throw UsageError(message: "card lint takes card files") }
    var faults = 0
    for file in arguments.words {
      let diagnostics = ConfigurationLoader.loadCard(file: file).diagnostics
      for diagnostic in diagnostics { console.error(diagnostic.rendered) }
      if diagnostics.hasErrors { faults += 1 } else { console.print("\(file): valid") }
    }
    return faults == 0 ? .ok : .checkFailed
  }
}
