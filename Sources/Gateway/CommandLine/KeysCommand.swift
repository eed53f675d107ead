internal import Bytes
internal import Configuration
internal import Crypto
internal import HTTP
internal import JSON

/// `a2a-gateway keys`.
enum KeysCommand {
  /// Makes keys easy to recognise, for people and for secret scanners.
  private static let prefix = "a2ag_"

  static func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
    switch arguments.first {
    case "new": return try new(Array(arguments.dropFirst()), console)
    case "hash": return try hash(Array(arguments.dropFirst()), console)
    case "jwks": return try keySet(Array(arguments.dropFirst()), console)
    case "rotate": return try rotate(Array(arguments.dropFirst()), console)
    default: throw UsageError(message: "keys takes new, hash, jwks or rotate")
    }
  }

  private static func new(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["role"], flags: ["json"])
    guard arguments.words.count <= 1 else { throw UsageError(message: "keys new takes one name") }
    let key = prefix + Base64.encodeURL(Random.bytes(32))
    let roles = arguments[option: "role"].map { [JSONValue.string($0)] } ?? []
    var entry: JSONObject = [
      "name": .string(arguments.words.first ?? "caller"), "sha256": .string(digest(key)), "roles": .array(roles),
    ]
    if arguments.has("json") {
      entry["key"] = .string(key)
      console.print(text(.object(entry)))
    } else {
      console.print(key)
      console.error(
        """
        This is the only time the key is shown. Give it to the caller, and put this under "keys" of the configuration:
          \(text(.object(entry)))
        """)
    }
    return .ok
  }

  private static func hash(_ arguments: [String], _ console: Console) throws -> ExitCode {
    guard arguments.isEmpty else {
      throw UsageError(message: "keys hash reads the key from standard input, so that it is in no process list")
    }
    var key = try BoundedFile.read(descriptor: 0, bytesMax: 4096)
    while let last = key.last, last == 0x0A || last == 0x0D { key.removeLast() }
    guard !key.isEmpty else { throw UsageError(message: "there is no key on standard input") }
    console.print(Hex.encode(SHA256.hash(key)))
    return .ok
  }

  // MARK: Signing keys

  private static func keySet(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"], flags: ["json"])
    guard arguments.words.isEmpty else { throw UsageError(message: "keys jwks takes no words, only options") }
    guard let (keys, folder) = try CardSignatureCommand.stateKeys(arguments, console) else {
      return .configurationInvalid
    }
    guard let keys else {
      console.error("a2a-gateway: there is no signing key in \(folder); the first start of the gateway makes one")
      return .failed
    }
    console.print(String(decoding: keys.document.body, as: UTF8.self))
    return .ok
  }

  /// In the running gateway if there is one, else in its state folder.
  private static func rotate(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"], flags: ["json"])
    guard arguments.words.isEmpty else { throw UsageError(message: "keys rotate takes no words, only options") }
    let loaded = ConfigurationLoader.load(file: ConfigurationFile.path(arguments))
    guard let (configuration, _) = ConfigurationFile.report(loaded, console),
      let gateway = try RunningGateway(arguments, console)
    else { return .configurationInvalid }
    do {
      let answer = try gateway.call(.post, "/keys/rotate")
      guard answer.isOK, let kid = answer.json?["kid"]?.string else { return answer.report(console) }
      return rotated(kid, isServed: true, arguments, console)
    } catch is RemoteUnreachable {
      let state = try StateDirectory(path: StateDirectory.folder(configuration.state))
      let keys = try GatewayKeys.rotate(configuration.signatures, in: state)
      return rotated(keys.keyID, isServed: false, arguments, console)
    }
  }

  private static func rotated(_ kid: String, isServed: Bool, _ arguments: Arguments, _ console: Console) -> ExitCode {
    if arguments.has("json") {
      console.print(text(["kid": .string(kid), "served": .bool(isServed)]))
    } else {
      console.print(kid)
      console.error(
        isServed
          ? "The running gateway has signed all cards with this key; earlier keys stay in its key set."
          : "No gateway runs with this configuration: it signs with this key from its next start on.")
    }
    return .ok
  }

  private static func digest(_ key: String) -> String { Hex.encode(SHA256.hash(Array(key.utf8))) }

  private static func text(_ value: JSONValue) -> String {
    var writer = JSONWriter()
    writer.value(value)
    return String(decoding: writer.finish(), as: UTF8.self)
  }
}
