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

/// Whole bodies and stream frames of all dialects. Results here; errors and streams in extensions.
public enum ResponseEncoder {
  /// The result of a call, in an envelope over JSON-RPC.
  ///
  /// - Parameter id: of the JSON-RPC request; nil over REST.
  public static func result(
    _ result: CallResult, id: JSONFragment?, dialect: Dialect, losses: inout TranslationLosses,
    into json: inout JSONWriter
  ) {
    var encoder = WireEncoder(dialect)
    if let id {
      beginEnvelope(id, into: &json)
      if case .pushConfigDeleted = result { json.null() } else { encoder.result(result, into: &json) }
      json.endObject()
    } else {
      encoder.result(result, into: &json)
    }
    losses.formUnion(encoder.losses)
  }

  /// The result of SendMessage that is a task which the agent has answered.
  ///
  /// - Parameter id: of the JSON-RPC request; nil over REST.
  public static func sent(
    _ task: borrowing AnsweredTask, id: JSONFragment?, dialect: Dialect, losses: inout TranslationLosses,
    into json: inout JSONWriter
  ) {
    var encoder = WireEncoder(dialect)
    if let id { beginEnvelope(id, into: &json) }
    encoder.sent(task, into: &json)
    if id != nil { json.endObject() }
    losses.formUnion(encoder.losses)
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
