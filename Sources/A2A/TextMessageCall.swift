import Bytes
public import JSON
public import Model

/// The call by which most messages come over JSON-RPC, read in one pass: one text of a user's, and a few settings. Whatever
/// says more, less or something else is left to ``JSONRPCRequestReader`` and ``CallDecoder``, which read the same from this.
public struct TextMessageCall {
  /// The request's, to be echoed.
  public let id: JSONFragment
  /// Of which the method is.
  public let version: ProtocolVersion
  public let call: AgentCall

  /// Hands on what it holds: a message that nobody else holds is changed where it lies.
  public consuming func taken() -> (id: JSONFragment, call: AgentCall) { (id, call) }

  /// nil for any other call, and for this one in any other form.
  public init?(_ body: Span<UInt8>, limits: JSONLimits = .default) {
    // A value takes a byte at least.
    guard body.count <= min(limits.bytesMax, limits.nodesMax), limits.depthMax >= TextMessageCall.depth else {
      return nil
    }
    var members = Members()
    var place = 0
    guard members.readCall(body, &place), JSONShape.isEnd(of: body, at: &place),
      let method = members.method, let request = members.request(of: method.version, in: body), let id = members.id
    else { return nil }
    self.id = JSONFragment(id, in: body)
    version = method.version
    call = method.isStreaming ? .sendStreamingMessage(request) : .sendMessage(request)
  }

  /// The call, its parameters, the message, its parts, a part.
  private static let depth = 5
}

/// What is found of a call.
private struct Members {
  struct Names: OptionSet {
    let rawValue: UInt16

    static let jsonrpc = Names(rawValue: 1 << 0)
    static let id = Names(rawValue: 1 << 1)
    static let method = Names(rawValue: 1 << 2)
    static let params = Names(rawValue: 1 << 3)
    static let message = Names(rawValue: 1 << 4)
    static let configuration = Names(rawValue: 1 << 5)
    static let messageID = Names(rawValue: 1 << 6)
    static let role = Names(rawValue: 1 << 7)
    static let parts = Names(rawValue: 1 << 8)
    static let contextID = Names(rawValue: 1 << 9)
    static let taskID = Names(rawValue: 1 << 10)
    static let text = Names(rawValue: 1 << 11)
    static let outputModes = Names(rawValue: 1 << 12)
    /// Only in 0.3.
    static let messageKind = Names(rawValue: 1 << 13)
    static let partKind = Names(rawValue: 1 << 14)
    /// By the name that its version has for it.
    static let wait = Names(rawValue: 1 << 15)

    static let required: Names = [.jsonrpc, .id, .method, .params, .message, .messageID, .role, .parts, .text]
    static let ofV03: Names = [.messageKind, .partKind]
  }

  struct Method {
    let version: ProtocolVersion
    let isStreaming: Bool
  }

  private var seen: Names = []
  private(set) var id: JSONShape.Value?
  private(set) var method: Method?
  private var messageID: JSONShape.Content?
  private var contextID: JSONShape.Content?
  private var taskID: JSONShape.Content?
  private var text: JSONShape.Content?
  private var outputModes: [String] = []
  private var returnsImmediately = false
  /// Whose names the role and the wait have; nil where neither is there.
  private var roleVersion: ProtocolVersion?
  private var waitVersion: ProtocolVersion?

  /// What the call asks for; nil where its members are not those of its version.
  func request(of version: ProtocolVersion, in body: Span<UInt8>) -> SendRequest? {
    guard seen.isSuperset(of: .required), roleVersion == version, waitVersion == nil || waitVersion == version,
      version == .v0_3 ? seen.contains(.partKind) : seen.isDisjoint(with: .ofV03),
      let messageID = messageID.map({ String($0, in: body) }), Members.isIdentifier(messageID), let text
    else { return nil }
    let contextID = contextID.map { String($0, in: body) }
    let taskID = taskID.map { String($0, in: body) }
    if let contextID, contextID.isEmpty || FieldReader.faultOfContextID(contextID) != nil { return nil }
    if let taskID, !Members.isIdentifier(taskID) { return nil }
    let message = Message(
      messageID: messageID, role: .user, parts: [Part(.text(JSONString(text, in: body)))], contextID: contextID,
      taskID: taskID)
    return SendRequest(
      message: message, acceptedOutputModes: outputModes, returnImmediately: returnsImmediately)
  }

  private static func isIdentifier(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= A2ALimits.identifierBytesMax
  }

  /// - Returns: whether all that is read is as it should be.
  mutating func readCall(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.object(in: body, at: &place) { place in
      if JSONShape.skip(#""jsonrpc":"#, in: body, at: &place) {
        JSONShape.skipSpace(in: body, at: &place)
        return isNew(.jsonrpc) && JSONShape.skip(#""2.0""#, in: body, at: &place)
      }
      if JSONShape.skip(#""id":"#, in: body, at: &place) { return isNew(.id) && readID(body, &place) }
      if JSONShape.skip(#""method":"#, in: body, at: &place) { return isNew(.method) && readMethod(body, &place) }
      return JSONShape.skip(#""params":"#, in: body, at: &place) && isNew(.params) && readParams(body, &place)
    }
  }

  /// Each member is read once: one that comes twice is somebody else's to judge.
  private mutating func isNew(_ name: Names) -> Bool { seen.insert(name).inserted }

  private mutating func readID(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    id = JSONShape.scalar(in: body, at: &place)
    return id.map { $0.count <= A2ALimits.requestIDBytesMax } ?? false
  }

  private mutating func readMethod(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.skipSpace(in: body, at: &place)
    if JSONShape.skip(#""SendMessage""#, in: body, at: &place) {
      method = Method(version: .v1_0, isStreaming: false)
    } else if JSONShape.skip(#""SendStreamingMessage""#, in: body, at: &place) {
      method = Method(version: .v1_0, isStreaming: true)
    } else if JSONShape.skip(#""message/send""#, in: body, at: &place) {
      method = Method(version: .v0_3, isStreaming: false)
    } else if JSONShape.skip(#""message/stream""#, in: body, at: &place) {
      method = Method(version: .v0_3, isStreaming: true)
    }
    return method != nil
  }

  private mutating func readParams(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.object(in: body, at: &place) { place in
      if JSONShape.skip(#""message":"#, in: body, at: &place) { return isNew(.message) && readMessage(body, &place) }
      return JSONShape.skip(#""configuration":"#, in: body, at: &place) && isNew(.configuration)
        && readConfiguration(body, &place)
    }
  }

  private mutating func readMessage(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.object(in: body, at: &place) { place in
      if JSONShape.skip(#""messageId":"#, in: body, at: &place) {
        messageID = JSONShape.string(in: body, at: &place)
        return isNew(.messageID) && messageID != nil
      }
      if JSONShape.skip(#""role":"#, in: body, at: &place) { return isNew(.role) && readRole(body, &place) }
      if JSONShape.skip(#""parts":"#, in: body, at: &place) {
        return isNew(.parts) && JSONShape.skip(token: "[", in: body, at: &place) && readPart(body, &place)
          && JSONShape.skip(token: "]", in: body, at: &place)
      }
      if JSONShape.skip(#""contextId":"#, in: body, at: &place) {
        contextID = JSONShape.string(in: body, at: &place)
        return isNew(.contextID) && contextID != nil
      }
      if JSONShape.skip(#""taskId":"#, in: body, at: &place) {
        taskID = JSONShape.string(in: body, at: &place)
        return isNew(.taskID) && taskID != nil
      }
      guard JSONShape.skip(#""kind":"#, in: body, at: &place) else { return false }
      JSONShape.skipSpace(in: body, at: &place)
      return isNew(.messageKind) && JSONShape.skip(#""message""#, in: body, at: &place)
    }
  }

  private mutating func readRole(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.skipSpace(in: body, at: &place)
    if JSONShape.skip(#""ROLE_USER""#, in: body, at: &place) {
      roleVersion = .v1_0
    } else if JSONShape.skip(#""user""#, in: body, at: &place) {
      roleVersion = .v0_3
    }
    return roleVersion != nil
  }

  private mutating func readPart(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.object(in: body, at: &place) { place in
      if JSONShape.skip(#""text":"#, in: body, at: &place) {
        text = JSONShape.string(in: body, at: &place)
        return isNew(.text) && text != nil
      }
      guard JSONShape.skip(#""kind":"#, in: body, at: &place) else { return false }
      JSONShape.skipSpace(in: body, at: &place)
      return isNew(.partKind) && JSONShape.skip(#""text""#, in: body, at: &place)
    }
  }

  private mutating func readConfiguration(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    JSONShape.object(in: body, at: &place) { place in
      if JSONShape.skip(#""acceptedOutputModes":"#, in: body, at: &place) {
        return isNew(.outputModes) && readOutputModes(body, &place)
      }
      if JSONShape.skip(#""blocking":"#, in: body, at: &place) {
        return isNew(.wait) && readWait(.v0_3, body, &place, immediately: "false", not: "true")
      }
      return JSONShape.skip(#""returnImmediately":"#, in: body, at: &place) && isNew(.wait)
        && readWait(.v1_0, body, &place, immediately: "true", not: "false")
    }
  }

  @inline(__always)
  private mutating func readWait(
    _ version: ProtocolVersion, _ body: Span<UInt8>, _ place: inout Int, immediately: StaticString, not: StaticString
  ) -> Bool {
    waitVersion = version
    JSONShape.skipSpace(in: body, at: &place)
    returnsImmediately = JSONShape.skip(immediately, in: body, at: &place)
    return returnsImmediately || JSONShape.skip(not, in: body, at: &place)
  }

  private mutating func readOutputModes(_ body: Span<UInt8>, _ place: inout Int) -> Bool {
    guard JSONShape.skip(token: "[", in: body, at: &place) else { return false }
    if JSONShape.skip(token: "]", in: body, at: &place) { return true }
    repeat {
      guard outputModes.count < A2ALimits.outputModesMax, let content = JSONShape.string(in: body, at: &place) else {
        return false
      }
      let mode = String(content, in: body)
      guard mode.utf8.count <= A2ALimits.mediaTypeBytesMax else { return false }
      outputModes.append(mode)
    } while JSONShape.skip(token: ",", in: body, at: &place)
    return JSONShape.skip(token: "]", in: body, at: &place)
  }
}
