internal import Configuration
internal import FoundationEssentials
internal import HTTP
internal import JSON
internal import Orq

/// The options of `agents add` that say how calls to an agent prove who sends them. No secret is an argument, which any user
/// of the machine could read: each is in a file (`@FILE`) or in the environment (`env:NAME`).
enum AgentCredentials {
  static let options = [
    "bearer", "basic", "api-key", "oauth2", "client-id", "client-secret", "scope", "audience", "client-cert",
    "client-key", "ca",
  ]

  private static let kinds = ["bearer", "basic", "api-key", "oauth2", "client-cert"]

  /// What is asked for, and files of this machine.
  static func read(_ arguments: Arguments) throws -> (OrqExternalCredentials?, OperatorFiles) {
    let given = kinds.filter { arguments[option: $0] != nil }
    guard given.count <= 1 else {
      throw UsageError(message: "an agent has one kind of credentials, not both --\(given[0]) and --\(given[1])")
    }
    try checkParts(arguments, given.first)
    let files = OperatorFiles(
      certificate: try certificate(arguments), authority: arguments[option: "ca"].map { absolute($0) })
    return (try credentials(arguments), files)
  }

  /// Options that are parts of others.
  private static func checkParts(_ arguments: Arguments, _ kind: String?) throws(UsageError) {
    for (part, whole) in [
      ("client-id", "oauth2"), ("client-secret", "oauth2"), ("scope", "oauth2"), ("audience", "oauth2"),
      ("client-key", "client-cert"),
    ] where arguments[option: part] != nil && kind != whole {
      throw UsageError(message: "--\(part) belongs to --\(whole)")
    }
  }

  private static func credentials(_ arguments: Arguments) throws -> OrqExternalCredentials? {
    if let source = arguments[option: "bearer"] { return .bearer(token: try secret(source, "--bearer")) }
    if let word = arguments[option: "basic"] {
      let (user, source) = try pair(word, "--basic takes USER=@FILE or USER=env:NAME")
      return .basic(user: user, password: try secret(source, "--basic USER="))
    }
    if let word = arguments[option: "api-key"] {
      let (place, source) = try pair(
        word, "--api-key takes NAME=@FILE or NAME=env:NAME, or query:NAME=…, cookie:NAME=…")
      let pieces = place.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard pieces.count == 2 else {
        return .apiKey(name: place, location: .header, value: try secret(source, "--api-key NAME="))
      }
      guard let location = OrqExternalCredentials.Location(rawValue: String(pieces[0])) else {
        throw UsageError(
          message: "--api-key goes to a header, the query or a cookie: header:NAME, query:NAME, cookie:NAME")
      }
      return .apiKey(name: String(pieces[1]), location: location, value: try secret(source, "--api-key NAME="))
    }
    guard let url = arguments[option: "oauth2"] else { return nil }
    guard let id = arguments[option: "client-id"], let source = arguments[option: "client-secret"] else {
      throw UsageError(message: "--oauth2 needs --client-id and --client-secret")
    }
    return .oauth2(
      OrqExternalCredentials.Client(
        tokenURL: url, clientID: id, secret: try secret(source, "--client-secret"), scopes: arguments.all("scope"),
        audience: arguments[option: "audience"]))
  }

  private static func certificate(_ arguments: Arguments) throws -> ClientCertificateFiles? {
    guard let certificate = arguments[option: "client-cert"] else { return nil }
    guard let key = arguments[option: "client-key"] else {
      throw UsageError(message: "--client-cert needs --client-key")
    }
    return ClientCertificateFiles(certificate: absolute(certificate), key: absolute(key))
  }

  /// The gateway, which reads the file, runs in another folder.
  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }

  private static func pair(_ word: String, _ usage: String) throws(UsageError) -> (String, source: String) {
    guard let mark = word.firstIndex(of: "="), mark != word.startIndex else { throw UsageError(message: usage) }
    return (String(word[..<mark]), String(word[word.index(after: mark)...]))
  }

  /// - Parameter option: what takes it, for messages.
  private static func secret(_ source: String, _ option: String) throws(UsageError) -> String {
    guard let secret = try stored(source) else {
      throw UsageError(message: "\(option) takes @FILE or env:NAME: others could read a secret that is an argument")
    }
    return secret
  }

  /// What is in the file or the variable that a word names; nil where it names none.
  static func stored(_ word: String) throws(UsageError) -> String? {
    let place: Secret
    if word.hasPrefix("@") {
      place = .file(String(word.dropFirst()))
    } else if word.hasPrefix("env:") {
      place = .environment(String(word.dropFirst(4)))
    } else {
      return nil
    }
    let bytes: [UInt8]
    do throws(SecretError) {
      bytes = try place.read()
    } catch {
      throw UsageError(message: error.message)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw UsageError(message: "what \(word) holds is no text")
    }
    return text
  }
}
