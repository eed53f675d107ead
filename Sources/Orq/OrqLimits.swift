/// Bounds of the Orq Agents API, its own (contracts of the SDKs) and ours for what it leaves open. All counts of bytes are
/// of UTF-8. They hold for what callers send; what an Orq server answers is bounded by its size alone.
public enum OrqLimits {
  /// Of an agent's key.
  public static let keyBytesMax = 255
  /// Of ids that callers name: tasks, messages, tool calls, threads, persons.
  public static let identifierBytesMax = 256
  public static let partsMax = 256
  public static let mediaTypeBytesMax = 256
  public static let filenameBytesMax = 1024
  public static let uriBytesMax = 8192
  /// Of a thread, and of a person.
  public static let tagsMax = 64
  public static let fallbackModelsMax = 16
  public static let memoryStoresMax = 64
  public static let knowledgeBasesMax = 64
  public static let teamMembersMax = 64
  /// Headers that calls to an external agent carry, and the value of each.
  public static let externalHeadersMax = 20
  public static let headerValueBytesMax = 2048
  /// Of a token, a key or a password of an external agent, and the scopes of its tokens.
  public static let secretBytesMax = 8192
  public static let scopesMax = 32
  /// Description and path of an external agent, as its registration states them.
  public static let externalTextBytesMax = 4096
  public static let toolsMax = 128
  public static let skillsMax = 64
  /// Of what says why a new version of an agent was made, in characters.
  public static let versionDescriptionMax = 300
  /// Steps of an agent in one task.
  public static let iterations = 1...100
  /// Seconds that an agent may work on one message.
  public static let executionSeconds = 1...600
  /// Elements of one page of a list.
  public static let pageSizes = 1...200
  /// What the SDKs of 3.x ask for where their caller says nothing.
  public static let pageSizeDefault = 10
  /// Seconds that a stream may be held open.
  public static let streamTimeoutSeconds = 1.0...3600.0
  public static let streamTimeoutSecondsDefault = 1800.0
  /// Faults listed in one refusal; the rest are not reported.
  public static let faultsMax = 32
}
