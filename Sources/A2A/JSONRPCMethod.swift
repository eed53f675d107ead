public import Model

/// The method names of both versions. They are disjoint: 1.0 writes `SendMessage`, 0.3 writes `message/send`.
public enum JSONRPCMethod {
  /// nil when the version has no such method.
  public static func operation(_ method: String, _ version: ProtocolVersion) -> AgentOperation? {
    switch version {
    case .v1_0:
      return operationV1(method)
    case .v0_3:
      switch method {
      case "message/send": return .sendMessage
      case "message/stream": return .sendStreamingMessage
      case "tasks/get": return .getTask
      case "tasks/cancel": return .cancelTask
      case "tasks/resubscribe": return .subscribeToTask
      case "tasks/pushNotificationConfig/set": return .createPushConfig
      case "tasks/pushNotificationConfig/get": return .getPushConfig
      case "tasks/pushNotificationConfig/list": return .listPushConfigs
      case "tasks/pushNotificationConfig/delete": return .deletePushConfig
      case "agent/getAuthenticatedExtendedCard": return .getExtendedAgentCard
      default: return nil
      }
    }
  }

  private static func operationV1(_ method: String) -> AgentOperation? {
    // What most calls are, told without a search.
    method == "SendMessage" ? .sendMessage : AgentOperation(rawValue: method)
  }

  /// nil when the version has no such operation: 0.3 cannot list tasks.
  public static func name(_ operation: AgentOperation, _ version: ProtocolVersion) -> String? {
    guard version == .v0_3 else { return operation.rawValue }
    switch operation {
    case .sendMessage: return "message/send"
    case .sendStreamingMessage: return "message/stream"
    case .getTask: return "tasks/get"
    case .listTasks: return nil
    case .cancelTask: return "tasks/cancel"
    case .subscribeToTask: return "tasks/resubscribe"
    case .createPushConfig: return "tasks/pushNotificationConfig/set"
    case .getPushConfig: return "tasks/pushNotificationConfig/get"
    case .listPushConfigs: return "tasks/pushNotificationConfig/list"
    case .deletePushConfig: return "tasks/pushNotificationConfig/delete"
    case .getExtendedAgentCard: return "agent/getAuthenticatedExtendedCard"
    }
  }

  /// The version that a method belongs to, for ``VersionNegotiation``. nil for a name of neither: such a call is told
  /// that the method is unknown, whatever version it asks for.
  public static func family(_ method: String) -> ProtocolVersion? {
    if operationV1(method) != nil { return .v1_0 }
    return method.utf8.contains(UInt8(ascii: "/")) ? .v0_3 : nil
  }
}
