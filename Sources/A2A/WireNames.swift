import JSON
import Model

// The spellings of the enumerations in each dialect (A2A 1.0 §4.1.3 and §4.1.5, 0.3 §6.3). ProtoJSON also allows the
// numbers of the schema, which are the same in both versions.

extension TaskState {
  /// 1.0 spells "canceled", the schema of 0.3 REST "cancelled".
  func wireName(_ dialect: Dialect) -> StaticString {
    switch dialect {
    case .v03JSONRPC: nameV03
    case .v03REST: self == .canceled ? "TASK_STATE_CANCELLED" : nameV1
    case .v1: nameV1
    }
  }

  /// nil for a state that the dialect does not know.
  init?(_ node: JSONNode, _ dialect: Dialect) {
    if node.kind == .string {
      guard let state = TaskState.allCases.first(where: { node.equals($0.wireName(dialect)) }) else { return nil }
      self = state
    } else if dialect != .v03JSONRPC, let number = node.int64, let state = TaskState(protoNumber: number) {
      self = state
    } else {
      return nil
    }
  }

  /// For query parameters of 1.0: a name or a number.
  init?(query text: String) {
    if let number = Int64(text) {
      guard let state = TaskState(protoNumber: number) else { return nil }
      self = state
    } else {
      guard let state = TaskState.allCases.first(where: { $0.nameV1.description == text }) else { return nil }
      self = state
    }
  }

  private init?(protoNumber: Int64) {
    let order: [TaskState] = [
      .unspecified, .submitted, .working, .completed, .failed, .canceled, .inputRequired, .rejected, .authRequired,
    ]
    guard let index = Int(exactly: protoNumber), order.indices.contains(index) else { return nil }
    self = order[index]
  }

  private var nameV1: StaticString {
    switch self {
    case .unspecified: "TASK_STATE_UNSPECIFIED"
    case .submitted: "TASK_STATE_SUBMITTED"
    case .working: "TASK_STATE_WORKING"
    case .inputRequired: "TASK_STATE_INPUT_REQUIRED"
    case .authRequired: "TASK_STATE_AUTH_REQUIRED"
    case .completed: "TASK_STATE_COMPLETED"
    case .failed: "TASK_STATE_FAILED"
    case .canceled: "TASK_STATE_CANCELED"
    case .rejected: "TASK_STATE_REJECTED"
    }
  }

  private var nameV03: StaticString {
    switch self {
    case .unspecified: "unknown"
    case .submitted: "submitted"
    case .working: "working"
    case .inputRequired: "input-required"
    case .authRequired: "auth-required"
    case .completed: "completed"
    case .failed: "failed"
    case .canceled: "canceled"
    case .rejected: "rejected"
    }
  }
}

extension Role {
  func wireName(_ dialect: Dialect) -> StaticString {
    switch (self, dialect) {
    case (.user, .v03JSONRPC): "user"
    case (.agent, .v03JSONRPC): "agent"
    case (.user, _): "ROLE_USER"
    case (.agent, _): "ROLE_AGENT"
    }
  }

  /// nil for a role that the dialect does not know.
  ///
  /// - Parameter place: in the document of the node.
  init?(_ node: JSONNode, at place: JSONPlace, _ dialect: Dialect) {
    if node.equals(Role.user.wireName(dialect), at: place) {
      self = .user
    } else if node.equals(Role.agent.wireName(dialect), at: place) {
      self = .agent
    } else if dialect != .v03JSONRPC, let number = node.int64(at: place), number == 1 || number == 2 {
      self = number == 1 ? .user : .agent
    } else {
      return nil
    }
  }
}

/// The one extension URI of this gateway. What it has to add to a message stands in metadata under it, where it can meet
/// nobody's own keys.
public enum GatewayExtension {
  public static let uri: StaticString = "urn:a2a-gateway:translation:v1"
}

/// Marks data that was no object and travels through 0.3 as `{"value": …}`; the official Python client does the same.
enum DataPartCompat {
  static let flag: StaticString = "data_part_compat"
}

extension JSONFragment {
  /// The object without one member; nil when nothing is left.
  func without(_ name: StaticString) -> JSONFragment? {
    var rest = JSONWriter()
    rest.beginObject()
    var isEmpty = true
    document.root.forEachMember { key, value in
      guard !(key == name) else { return }
      isEmpty = false
      rest.key(string: key.string)
      rest.fragment(value.fragment)
    }
    rest.endObject()
    // What was written member by member from a valid object is one; were it not, nothing would be the safe reading.
    return isEmpty ? nil : try? JSONFragment.parse(rest.finish())
  }
}
