internal import Bytes
internal import Configuration
internal import Crypto
internal import JSON

/// `a2a-gateway keys`.
enum KeysCommand {
  /// Makes keys easy to recognise, for people and for secret scanners.
  private static let prefix = "a2ag_"

  static func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
    switch arguments.first {
    case "new": return try new(Array(arguments.dropFirst()), console)
    case "hash": return try hash(Array(arguments.dropFirst()), console)
    default: throw UsageError(message: "keys takes new or hash")
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

  private static func digest(_ key: String) -> String { Hex.encode(SHA256.hash(Array(key.utf8))) }

  private static func text(_ value: JSONValue) -> String {
    var writer = JSONWriter()
    writer.value(value)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
