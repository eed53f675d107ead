internal import A2A
internal import Bytes
internal import Configuration
internal import Crypto
internal import FoundationEssentials
internal import HTTP
internal import JSON
internal import Model

/// `a2a-gateway send`.
enum SendCommand {
  static func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(
      arguments, options: ["context", "task", "key", "ca", "config"], flags: ["stream", "json"])
    guard arguments.words.count == 2 else { throw UsageError(message: "send takes an agent and a text") }
    guard let url = try url(of: arguments.words[0], arguments, console) else { return .configurationInvalid }
    let message = Message(
      messageID: Hex.encode(Random.bytes(16)), role: .user, parts: [.text(arguments.words[1])],
      contextID: arguments[option: "context"], taskID: arguments[option: "task"])
    let request = SendRequest(message: message)
    let call: AgentCall = arguments.has("stream") ? .sendStreamingMessage(request) : .sendMessage(request)
    var losses: TranslationLosses = []
    guard let body = CallEncoder.jsonRPC(call, id: JSONFragment(1), version: .v1_0, losses: &losses) else {
      return .failed
    }
    let printer = AnswerPrinter(console, asJSON: arguments.has("json"))
    var events = SSEDecoder()
    do {
      let answer = try RemoteCall(authorityFile: arguments[option: "ca"]).run(
        .post, url, fields: fields(arguments, isStream: arguments.has("stream")), body: body
      ) { bytes in
        do {
          try events.feed(bytes) { printer.show(event: $0.data) }
        } catch {
          printer.fail("the stream has an event that is too large")
        }
      }
      guard (200...299).contains(answer.status) else {
        console.error("a2a-gateway: \(url) answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
        return answer.status == 401 || answer.status == 403 ? .checkFailed : .failed
      }
      if !answer.body.isEmpty { printer.show(body: answer.body, operation: call.operation) }
    } catch let error as RemoteUnreachable {
      console.error("a2a-gateway: \(error.message)")
      return .remoteUnreachable
    }
    return printer.finish()
  }

  private static func fields(_ arguments: Arguments, isStream: Bool) -> HTTPFields {
    var fields = HTTPFields()
    fields.add("Content-Type", "application/json")
    fields.add("Accept", isStream ? "text/event-stream" : "application/json")
    fields.add("A2A-Version", "1.0")
    let key = arguments[option: "key"] ?? ProcessInfo.processInfo.environment["A2A_GATEWAY_KEY"]
    if let key { fields.add("Authorization", "Bearer \(key)") }
    return fields
  }

  /// A URL as it is; a key at the configuration's first listener; nil when the configuration cannot be used.
  private static func url(of agent: String, _ arguments: Arguments, _ console: Console) throws -> String? {
    if agent.contains("://") { return agent }
    let loaded = ConfigurationLoader.load(file: ConfigurationFile.path(arguments))
    guard let (configuration, _) = ConfigurationFile.report(loaded, console) else { return nil }
    guard let listener = configuration.listeners.first(where: { !$0.bind.isUnix }) else {
      throw UsageError(message: "the configuration has no TCP listener; name the agent by its URL")
    }
    return "\(listener.localURL)/agents/\(agent)"
  }
}

extension ListenerConfiguration {
  /// Where this listener is called, when it is not bound yet.
  var localURL: String { publicURL ?? "http\(tls == nil ? "" : "s")://\(bind.text)" }
}

/// Prints what an agent answers: text on standard output as it comes, the rest described on standard error.
private final class AnswerPrinter {
  private let console: Console
  private let asJSON: Bool
  private var state: TaskState?
  private var failure: String?
  private var isInLine = false

  init(_ console: Console, asJSON: Bool) {
    self.console = console
    self.asJSON = asJSON
  }

  func fail(_ message: String) { failure = message }

  func show(event data: [UInt8]) {
    if asJSON { console.print(String(decoding: data, as: UTF8.self)) }
    do {
      let item = try ResultDecoder.streamItem(data, version: .v1_0, binding: .jsonRPC)
      show(item.event, isWhole: false)
    } catch {
      fail(error.text)
    }
  }

  func show(body: [UInt8], operation: AgentOperation) {
    if asJSON { console.print(String(decoding: body, as: UTF8.self)) }
    do {
      switch try ResultDecoder.jsonRPC(body, operation: operation, version: .v1_0) {
      case .sent(.task(let task)): show(.task(task), isWhole: true)
      case .sent(.message(let message)): show(.message(message), isWhole: true)
      default: break
      }
    } catch {
      fail(error.text)
    }
  }

  private func show(_ event: TaskEvent, isWhole: Bool) {
    switch event {
    case .task(let task):
      state = task.status.state
      note("task \(task.id) in context \(task.contextID)")
      for artifact in task.artifacts { show(artifact.parts) }
      if isWhole { show(task.status) }
    case .message(let message): show(message.parts)
    case .status(let update):
      state = update.status.state
      show(update.status)
    case .artifact(let update): show(update.artifact.parts)
    }
  }

  private func show(_ status: TaskStatus) {
    endLine()
    if let message = status.message { show(message.parts) }
    if status.state != .completed { note("\(status.state.word)") }
  }

  private func show(_ parts: [Part]) {
    if asJSON { return }
    for part in parts {
      switch part.content {
      case .text(let text):
        console.printFragment(text.string)
        isInLine = !text.string.hasSuffix("\n")
      case .raw(let base64): note("file \(part.filename?.string ?? "") of \(base64.escaped.count * 3 / 4) bytes")
      case .url(let url): console.print(url.string)
      case .data(let fragment): console.print(String(decoding: fragment.bytes, as: UTF8.self))
      }
    }
  }

  private func note(_ text: String) {
    if asJSON { return }
    endLine()
    console.error("[\(text)]")
  }

  private func endLine() {
    if isInLine, !asJSON { console.print("") }
    isInLine = false
  }

  func finish() -> ExitCode {
    endLine()
    if let failure {
      console.error("a2a-gateway: \(failure)")
      return .failed
    }
    return state == .failed || state == .rejected ? .failed : .ok
  }
}
