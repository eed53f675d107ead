import Bytes
public import JSON
public import Model

/// The answer to SendMessage: a task, or a message where the agent needs none (A2A 1.0 §3.1.1).
public enum SendResult: Sendable, Equatable {
  case task(AgentTask)
  case message(Message)
}

/// What a call that is no stream came to.
public enum CallResult: Sendable, Equatable {
  case sent(SendResult)
  /// Of GetTask and CancelTask.
  case task(AgentTask)
  /// Of ListTasks, which 0.3 does not have.
  case page(TaskPage)
  case pushConfig(PushNotificationConfig)
  case pushConfigs([PushNotificationConfig], nextPageToken: String)
  case pushConfigDeleted
  /// A card document in the caller's version, as ``AgentCardCodec`` wrote it.
  case card(JSONFragment)
}

extension CallResult {
  /// What it will probably take on the wire, so that an answer is written into memory that suffices.
  var bytesUsual: Int {
    guard case .sent(.task(let task)) = self else { return 1024 }
    func bytes(_ parts: [Part]) -> Int { parts.reduce(256) { $0 + $1.byteCount } }
    return task.artifacts.reduce(512) { $0 + bytes($1.parts) } + task.history.reduce(0) { $0 + bytes($1.parts) }
  }
}

/// Whole bodies and stream frames of all dialects. Results here; errors and streams in extensions.
public enum ResponseEncoder {
  public static func jsonRPCResult(
    id: JSONFragment, _ result: CallResult, version: ProtocolVersion, losses: inout TranslationLosses
  ) -> [UInt8] {
    var encoder = WireEncoder(Dialect(version, .jsonRPC))
    var json = JSONWriter(reserving: result.bytesUsual)
    beginEnvelope(id, into: &json)
    if case .pushConfigDeleted = result { json.null() } else { encoder.result(result, into: &json) }
    json.endObject()
    losses.formUnion(encoder.losses)
    return json.finish()
  }

  public static func restResult(
    _ result: CallResult, dialect: Dialect, losses: inout TranslationLosses
  ) -> [UInt8] {
    var encoder = WireEncoder(dialect)
    var json = JSONWriter()
    encoder.result(result, into: &json)
    losses.formUnion(encoder.losses)
    return json.finish()
  }

  /// Leaves the envelope open after `"result":`.
  static func beginEnvelope(_ id: JSONFragment, into json: inout JSONWriter) {
    json.beginObject()
    json.member("jsonrpc", "2.0")
    json.member("id", id)
    json.key("result")
  }
}

extension WireEncoder {
  mutating func result(_ result: CallResult, into json: inout JSONWriter) {
    switch result {
    case .sent(.task(let task)): streamEvent(.task(task), final: false, into: &json)
    case .sent(.message(let message)): streamEvent(.message(message), final: false, into: &json)
    case .task(let task): self.task(task, into: &json)
    case .page(let page): self.page(page, into: &json)
    case .pushConfig(let config): pushConfig(config, into: &json)
    case .pushConfigs(let configs, let token): pushConfigs(configs, nextPageToken: token, into: &json)
    case .pushConfigDeleted:
      json.beginObject()
      json.endObject()
    case .card(let card): json.fragment(card)
    }
  }
}
