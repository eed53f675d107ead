import FoundationEssentials
import JSON

/// What a configuration file and the card files beside it say.
public struct LoadedConfiguration: Sendable {
  /// nil where the file could not be used.
  public var configuration: GatewayConfiguration?
  /// In the order of their keys. Cards that have errors are not among them.
  public var cards: [CardFile]
  /// Everything that is wrong or doubtful, in all files, in order.
  public var diagnostics: [Diagnostic]

  /// The configuration and its cards, where there is no error: a gateway never runs on half a configuration.
  public var usable: (configuration: GatewayConfiguration, cards: [CardFile])? {
    guard let configuration, !diagnostics.hasErrors else { return nil }
    return (configuration, cards)
  }
}

/// Reads and checks the configuration file and all card files. `serve`, `validate`, reload and the tests of the shipped
/// files all come through here.
public enum ConfigurationLoader {
  /// Bytes of one configuration or card file at most.
  public static let fileBytesMax = 1_048_576
  /// Card files at most.
  public static let cardsMax = 10_000

  /// - Parameters:
  ///   - file: The configuration; nil runs on the defaults, with the folder `cards` below the working folder.
  ///   - environment: Where secrets of the form `{"env": …}` are looked up; nil is the environment of this process.
  public static func load(
    file: String?, environment: [String: String]? = nil
  ) -> LoadedConfiguration {
    var defaults = GatewayConfiguration(workers: max(1, min(256, ProcessInfo.processInfo.activeProcessorCount)))
    var diagnostics: [Diagnostic] = []
    var configuration: GatewayConfiguration? = defaults
    if let file {
      defaults.file = file
      configuration = read(file, &diagnostics) { root, faults in
        ConfigurationReader(faults: faults, folder: Path.folder(of: file), defaults: defaults).read(root)
      }
    }
    guard let configuration else { return LoadedConfiguration(configuration: nil, cards: [], diagnostics: diagnostics) }
    let cards = loadCards(folder: configuration.cards, &diagnostics)
    check(configuration, cards, environment ?? ProcessInfo.processInfo.environment, &diagnostics)
    return LoadedConfiguration(configuration: configuration, cards: cards, diagnostics: diagnostics)
  }

  /// Reads one card file alone.
  public static func loadCard(file: String) -> (card: CardFile?, diagnostics: [Diagnostic]) {
    var diagnostics: [Diagnostic] = []
    let card = readCard(file, &diagnostics)
    return (card, diagnostics)
  }

  private static func loadCards(folder: String, _ diagnostics: inout [Diagnostic]) -> [CardFile] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
    } catch {
      diagnostics.append(
        Diagnostic(
          file: folder, message: "the folder of the card files cannot be read",
          hint: "\"cards\" is relative to the folder of the configuration file; without one it is ./cards"))
      return []
    }
    if names.isEmpty {
      diagnostics.append(
        Diagnostic(
          .warning, file: folder, message: "there are no card files (*.json), so there are no agents to call"))
    }
    guard names.count <= cardsMax else {
      diagnostics.append(Diagnostic(file: folder, message: "more than \(cardsMax) card files"))
      return []
    }
    var cards: [CardFile] = []
    var files: [String: String] = [:]
    for name in names {
      let path = folder + "/" + name
      guard let card = readCard(path, &diagnostics) else { continue }
      if let other = files[card.key] {
        diagnostics.append(
          Diagnostic(
            file: path, message: "the key \"\(card.key)\" is taken by \(other)",
            hint: "give one of them another \"key\""))
      } else {
        files[card.key] = path
        cards.append(card)
      }
    }
    return cards.sorted { $0.key < $1.key }
  }

  private static func readCard(_ file: String, _ diagnostics: inout [Diagnostic]) -> CardFile? {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    let stem = name.hasSuffix(".json") ? String(name.dropLast(5)) : name
    let before = diagnostics.count
    let card = read(file, &diagnostics) { root, faults in
      CardFileReader(file: file, faults: faults, folder: Path.folder(of: file), defaultKey: stem).read(root)
    }
    return diagnostics[before...].contains { $0.severity == .error } ? nil : card ?? nil
  }

  /// Reads and parses one file; nil where that fails, with the reason among the diagnostics.
  private static func read<R>(
    _ file: String, _ diagnostics: inout [Diagnostic], _ body: (JSONCNode, FaultList) -> R
  ) -> R? {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(file, bytesMax: fileBytesMax)
    } catch {
      diagnostics.append(Diagnostic(file: file, message: error.message))
      return nil
    }
    let faults = FaultList(file: file, bytes: bytes)
    defer { diagnostics += faults.diagnostics }
    do {
      return body(try JSONC.parse(bytes), faults)
    } catch {
      faults.error(error.range, error.message)
      return nil
    }
  }

  /// What concerns several files, and the world around them.
  private static func check(
    _ configuration: GatewayConfiguration, _ cards: [CardFile], _ environment: [String: String],
    _ diagnostics: inout [Diagnostic]
  ) {
    let file = configuration.file ?? ""
    if let key = configuration.defaultAgent, !cards.contains(where: { $0.key == key }), !diagnostics.hasErrors {
      diagnostics.append(
        Diagnostic(
          file: file,
          message: "\"default_agent\" is \"\(key)\", but no card file has this key"
            + ObjectReader.suggestion(key, cards.map(\.key)),
          hint: "card files are in \(configuration.cards)"))
    }
    if configuration.orq == nil, !diagnostics.hasErrors {
      for card in cards {
        guard case .orq = card.backend else { continue }
        diagnostics.append(
          Diagnostic(
            file: card.file, message: "the agent is one of Orq, but the configuration has no \"orq\"",
            hint: "add \"orq\": { \"key\": { \"env\": \"ORQ_API_KEY\" } } to "
              + (configuration.file ?? "a configuration file, and start with --config FILE")))
      }
    }
    var secrets: [(file: String, secret: Secret)] = cards.flatMap { card in
      Self.secrets(of: card.backend).map { (card.file, $0) }
    }
    secrets += configuration.runtime.models.flatMap { Self.secrets(of: .local($0.engine)) }.map { (file, $0) }
    // A missing file of these has its place in the configuration, and was reported there.
    let keys =
      configuration.listeners.flatMap { $0.tls?.certificates ?? [] }.map(\.key)
      + [configuration.orq?.key, configuration.orq?.callbackKey]
    for case .environment(let name)? in keys { secrets.append((file, .environment(name))) }
    for (file, secret) in secrets {
      do throws(SecretError) {
        _ = try secret.read(environment: environment)
      } catch {
        diagnostics.append(Diagnostic(file: file, message: error.message))
      }
    }
  }

  private static func secrets(of backend: Backend) -> [Secret] {
    var values: [TextOrSecret] = []
    switch backend {
    case .local(.command(let command)): values = Array(command.environment.values)
    case .local(.http(let service)): values = service.headers.map(\.value)
    case .local(.openai(let server)): values = server.key.map { [.secret($0)] } ?? []
    case .a2a(let agent): values = agent.secrets
    case .local(.echo), .local(.clock), .orq: break
    }
    return values.compactMap { if case .secret(let secret) = $0 { secret } else { nil } }
  }
}
