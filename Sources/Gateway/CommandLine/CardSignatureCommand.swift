internal import A2A
internal import Configuration
internal import Crypto
internal import HTTP
internal import JSON
internal import Network

/// `a2a-gateway card sign`, `card verify` and `card diff`: card documents, in files or at URLs.
enum CardSignatureCommand {
  // MARK: sign

  static func sign(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["key", "kid", "jku", "config"])
    guard let file = arguments.words.first, arguments.words.count == 1 else {
      throw UsageError(message: "card sign takes one file with a card document")
    }
    if let url = arguments[option: "jku"], URI(url)?.isSecure != true {
      throw UsageError(message: "--jku takes an https URL: no verifier may believe another")
    }
    let card = try document(file, arguments)
    do throws(AgentCardFaults) {
      _ = try AgentCardCodec.decode(card)
    } catch {
      for fault in error.faults { console.error("\(file): \(fault.path): \(fault.message)") }
      return .checkFailed
    }
    guard let key = try signingKey(arguments, console) else { return .failed }
    let signer = CardSigner(
      algorithm: key.algorithm.rawValue, keyID: arguments[option: "kid"] ?? key.verificationKey.thumbprint,
      keySetURL: arguments[option: "jku"]
    ) { try key.sign($0) }
    console.print(text(try CardSignatures.sign(card, with: signer)))
    return .ok
  }

  /// nil where there is none, which has been told.
  private static func signingKey(_ arguments: Arguments, _ console: Console) throws -> SigningKey? {
    guard let file = arguments[option: "key"] else {
      guard let (keys, folder) = try stateKeys(arguments, console) else { return nil }
      if let keys { return keys.current }
      console.error(
        "a2a-gateway: there is no signing key in \(folder); the first start of the gateway makes one, or give one with --key"
      )
      return nil
    }
    do {
      return try SigningKey(pem: try BoundedFile.read(file, bytesMax: Secret.bytesMax))
    } catch let failure as BoundedFile.Failure {
      throw UsageError(message: "\(file): \(failure.message)")
    } catch {
      throw UsageError(message: "\(file): \(error)")
    }
  }

  /// The gateway's own keys, and where they were looked for; nil where the configuration cannot be used.
  static func stateKeys(_ arguments: Arguments, _ console: Console) throws -> (SigningKeys?, folder: String)? {
    let loaded = ConfigurationLoader.load(file: ConfigurationFile.path(arguments))
    guard let (configuration, _) = ConfigurationFile.report(loaded, console) else { return nil }
    let folder = StateDirectory.folder(configuration.state)
    return (try GatewayKeys.read(folder: folder), folder)
  }

  // MARK: verify

  static func verify(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["key", "jwks", "ca", "config"], flags: ["json"])
    guard let subject = arguments.words.first, arguments.words.count == 1 else {
      throw UsageError(message: "card verify takes one file or URL of a card")
    }
    guard let verifier = try verifier(arguments, console) else { return .configurationInvalid }
    let card = try document(subject, arguments)
    var outcome: (verdict: CardSignatureVerdict, note: String?)?
    let loop = try EventLoop()
    verifier.verify(card, on: loop, tls: try RemoteCall(authorityFile: arguments[option: "ca"]).tls()) {
      [unowned loop] in
      outcome = ($0, $1)
      loop.stop()
    }
    loop.run()
    guard let outcome else { return .failed }
    let fault = outcome.verdict.fault(outcome.note)
    if arguments.has("json") {
      var members: JSONObject = ["valid": .bool(fault == nil)]
      if case .valid(let keyID?) = outcome.verdict { members["kid"] = .string(keyID) }
      members["reason"] = fault.map { .string($0) }
      console.print(text(.object(members)))
    } else if case .valid(let keyID) = outcome.verdict {
      console.print("\(subject): signed by the key \(keyID ?? "without a name")")
    } else {
      console.error("\(subject): \(fault ?? "")")
    }
    return fault == nil ? .ok : .checkFailed
  }

  /// Trusts the keys that are given, else those of the gateway itself and those that its configuration names.
  private static func verifier(_ arguments: Arguments, _ console: Console) throws -> CardVerifier? {
    var keys: [TrustedKey] = []
    for file in arguments.all("key") { keys += try JSONWebKey.read(file: file) }
    for place in arguments.all("jwks") {
      guard let set = JSONWebKey.readSet(try json(place, arguments)) else {
        throw UsageError(message: "\(place) is no key set")
      }
      keys += set
    }
    if !keys.isEmpty { return CardVerifier(keys: keys, hosts: [], egress: EgressGuard(EgressConfiguration())) }
    let loaded = ConfigurationLoader.load(file: ConfigurationFile.path(arguments))
    guard let (configuration, _) = ConfigurationFile.report(loaded, console) else { return nil }
    for file in configuration.external.trustedKeyFiles { keys += try JSONWebKey.read(file: file) }
    if let own = try GatewayKeys.read(folder: StateDirectory.folder(configuration.state)) {
      keys += ([own.current.verificationKey] + own.retired).map { TrustedKey(key: $0, keyID: $0.thumbprint) }
    }
    return CardVerifier(
      keys: keys, hosts: configuration.signatures.trustedHosts, egress: EgressGuard(configuration.egress))
  }

  // MARK: diff

  static func diff(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["ca"], flags: ["json"])
    guard arguments.words.count == 2 else { throw UsageError(message: "card diff takes two files or URLs of cards") }
    let found = CardDifference.all(
      try document(arguments.words[0], arguments), try document(arguments.words[1], arguments))
    if arguments.has("json") {
      console.print(text(["differences": .array(found.map(\.json))]))
    } else {
      for difference in found { console.print(difference.text) }
    }
    return found.isEmpty ? .ok : .checkFailed
  }

  // MARK: Documents

  /// The card document in a file or at a URL; of a gateway, the one of 1.0, which is the one that is signed.
  private static func document(_ place: String, _ arguments: Arguments) throws -> JSONValue {
    let value = try json(place.contains("://") ? CardCommand.cardURL(place) : place, arguments)
    guard value.object != nil else { throw CardDocumentError(description: "\(place) holds no card") }
    return value
  }

  private static func json(_ place: String, _ arguments: Arguments) throws -> JSONValue {
    let bytes: [UInt8]
    if place.contains("://") {
      var fields = HTTPFields()
      fields.add("accept", "application/json")
      fields.add("a2a-version", "1.0")
      let answer = try RemoteCall.forDocument(authorityFile: arguments[option: "ca"]).run(.get, place, fields: fields)
      guard answer.status == 200 else { throw CardDocumentError(description: "\(place) answered \(answer.status)") }
      bytes = answer.body
    } else {
      do {
        bytes = try BoundedFile.read(place, bytesMax: RemoteCall.documentBytesMax)
      } catch {
        throw UsageError(message: "\(place): \(error.message)")
      }
    }
    do throws(JSONError) {
      return try JSONValue.parse(bytes, limits: JSONLimits(bytesMax: RemoteCall.documentBytesMax))
    } catch {
      throw CardDocumentError(description: "\(place) is not JSON: at byte \(error.offset), \(error.message)")
    }
  }

  private static func text(_ value: JSONValue) -> String { String(decoding: JSONFragment(value).bytes, as: UTF8.self) }
}

/// A card could not be had.
private struct CardDocumentError: Error, CustomStringConvertible {
  let description: String
}
