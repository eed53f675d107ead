/// An agent as paths name it: by its key, or in one of its versions as `key@version`. No key holds an `@`.
public struct OrqAgentReference: Sendable, Equatable {
  public var key: String
  /// nil for the version in force, which `key@latest` names too.
  public var version: String?

  public init(key: String, version: String? = nil) {
    self.key = key
    self.version = version
  }

  public init(_ text: String) {
    guard let at = text.utf8.firstIndex(of: UInt8(ascii: "@")) else {
      self.init(key: text)
      return
    }
    let version = String(text[text.utf8.index(after: at)...])
    self.init(key: String(text[..<at]), version: version == "latest" ? nil : version)
  }

  /// As a path holds it.
  public var text: String { version.map { "\(key)@\($0)" } ?? key }
}

extension OrqOperation {
  /// Whether one version of an agent can be meant; all other operations concern the agent as a whole.
  public var takesVersions: Bool {
    switch self {
    case .retrieveAgent, .invoke, .streamTask, .createResponse, .getResponse, .listTasks, .retrieveTask, .listActions,
      .retrieveAction:
      true
    case .createAgent, .listAgents, .updateAgent, .deleteAgent, .run, .streamRun, .registerExternal, .refreshCard,
      .listExternal, .createExternal, .retrieveExternal, .updateExternal, .deleteExternal, .refreshExternalCard,
      .testExternalConnection:
      false
    }
  }
}
