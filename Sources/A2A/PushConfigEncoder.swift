import Bytes
public import JSON
public import Model

extension WireEncoder {
  /// A push configuration as an answer: with its id, and never with its credentials, which are its owner's to know.
  public func pushConfig(_ config: PushNotificationConfig, into json: inout JSONWriter) {
    pushConfig(config, credentials: false, into: &json)
  }

  /// All push configurations of a task: a bare array in 0.3 JSON-RPC.
  public func pushConfigs(_ configs: [PushNotificationConfig], nextPageToken: String, into json: inout JSONWriter) {
    guard dialect != .v03JSONRPC else { return list(configs, into: &json) }
    json.beginObject()
    json.key("configs")
    list(configs, into: &json)
    json.member("nextPageToken", nextPageToken)
    json.endObject()
  }

  private func list(_ configs: [PushNotificationConfig], into json: inout JSONWriter) {
    json.beginArray()
    for config in configs { pushConfig(config, into: &json) }
    json.endArray()
  }

  func pushConfig(_ config: PushNotificationConfig, credentials: Bool, into json: inout JSONWriter) {
    json.beginObject()
    switch dialect {
    case .v1: pushConfigMembers(config, credentials: credentials, into: &json)
    case .v03JSONRPC:
      json.member("taskId", config.taskID ?? "")
      json.beginObject("pushNotificationConfig")
      pushConfigMembers(config, credentials: credentials, into: &json)
      json.endObject()
    case .v03REST:
      json.member("name", "tasks/\(config.taskID ?? "")/pushNotificationConfigs/\(config.id ?? "")")
      json.beginObject("pushNotificationConfig")
      pushConfigMembers(config, credentials: credentials, into: &json)
      json.endObject()
    }
    json.endObject()
  }

  /// The members of the configuration itself; in 1.0 its task is one of them.
  func pushConfigMembers(_ config: PushNotificationConfig, credentials: Bool, into json: inout JSONWriter) {
    if dialect == .v1, let taskID = config.taskID { json.member("taskId", taskID) }
    if let id = config.id { json.member("id", id) }
    json.member("url", config.url)
    if let token = config.token { json.member("token", token) }
    guard let authentication = config.authentication else { return }
    json.beginObject("authentication")
    if dialect == .v1 {
      json.member("scheme", authentication.scheme)
    } else {
      json.beginArray("schemes")
      json.string(authentication.scheme)
      json.endArray()
    }
    if credentials, let secret = authentication.credentials { json.member("credentials", secret) }
    json.endObject()
  }
}
