internal import A2A
internal import JSON
internal import LocalRuntime
internal import Model

/// Turns what an external agent says during one turn into what the task hears. No I/O: decoded events and tasks in, turn
/// events out. A task that is looked up adds only what its stream has not told.
struct A2ATurnReader {
  private(set) var state: A2AContextState
  /// The turn has heard its last word.
  private(set) var isOver = false
  /// The agent has taken the message: a task of it is known, or its answer.
  private(set) var isAccepted = false
  /// The task waits for an authorisation elsewhere, and may go on by itself.
  private(set) var isAwaiting = false
  /// Events that are of another task.
  private(set) var strayEvents = 0

  /// Of the turn's message, as the agent knows it.
  private let messageID: String
  /// The turn continues a task, and nothing was heard yet: the task may be shown as it stood before the message.
  private var mayBeStale: Bool
  private var lastState: TaskState?
  /// Ids of the agent's messages that were passed on.
  private var heard: Set<String> = []
  private var artifacts: [String: KnownArtifact] = [:]
  private var metadata: [String: JSONFragment] = [:]
  private var losses: Set<String> = []

  typealias Emit = (consuming TurnEvent) -> Void

  private static let lossesMax = 32

  /// - Parameter state: of what the turn builds on; with a task's name where it continues that task.
  init(state: A2AContextState, messageID: String) {
    self.state = state
    self.messageID = messageID
    mayBeStale = state.taskID != nil
    artifacts = state.artifacts.mapValues { KnownArtifact(digest: $0) }
    self.state.artifacts = [:]
  }

  // MARK: Events

  mutating func read(_ item: StreamItem, _ emit: Emit) {
    guard !isOver else { return }
    let isFirst = mayBeStale
    mayBeStale = false
    switch item.event {
    case .message(let message): reply(message, emit)
    // The question that the turn's message answers. Where it is asked again, the look-up behind the stream tells.
    case .task(var task) where isFirst && task.status.state.isInterrupted:
      task.status = TaskStatus(.unspecified)
      read(task, emit)
    case .task(let task): read(task, emit)
    case .status(let update):
      guard accept(update.taskID, update.contextID, emit) else { return }
      // The SDKs' servers keep it with the task, where a look-up would find it.
      if let metadata = update.metadata { self.metadata(metadata, emit) }
      status(update.status, update.metadata, isNews: true, emit)
    case .artifact(let update):
      guard accept(update.taskID, update.contextID, emit) else { return }
      chunk(update, emit)
    }
  }

  /// The task as it stands: the first event of a stream, the answer to a send, or what a look-up finds.
  mutating func read(_ task: AgentTask, _ emit: Emit) {
    guard !isOver, accept(task.id, task.contextID, emit) else { return }
    for message in newMessages(of: task) { say(message, emit) }
    for artifact in task.artifacts { whole(artifact, isComplete: task.status.state.isTerminal, emit) }
    if let metadata = task.metadata { self.metadata(metadata, emit) }
    status(task.status, nil, isNews: false, emit)
  }

  private mutating func reply(_ message: Message, _ emit: Emit) {
    if let contextID = message.contextID { state.contextID = contextID }
    // Beside a task a message is a part of the conversation.
    if isAccepted { return say(message, emit) }
    isAccepted = true
    isOver = true
    emit(.reply(AgentMessage(message)))
  }

  /// False for what belongs to another task than this turn's, which is passed over.
  private mutating func accept(_ taskID: String, _ contextID: String, _ emit: Emit) -> Bool {
    guard isAccepted else {
      isAccepted = true
      if taskID != state.taskID {
        // A message to a task may begin another one.
        state.taskID = taskID
        artifacts = [:]
      }
      if !contextID.isEmpty { state.contextID = contextID }
      emit(.backendState(state.fragment))
      return true
    }
    if taskID == state.taskID { return true }
    strayEvents += 1
    return false
  }

  // MARK: States and messages

  /// - Parameter isNews: said now; otherwise only what differs from what was said is passed on.
  private mutating func status(_ status: TaskStatus, _ metadata: JSONFragment?, isNews: Bool, _ emit: Emit) {
    let message = status.message.flatMap { $0.role == .agent ? $0 : nil }
    let isNewMessage = message.map { heard.insert($0.messageID).inserted } ?? false
    // A new task is as good as submitted before anybody says so.
    let isKnown = status.state == lastState || (lastState == nil && status.state == .submitted)
    defer { if status.state != .unspecified { lastState = status.state } }
    guard !isKnown || isNewMessage || (isNews && (metadata != nil || message != nil)) else { return }
    let told = message.map { AgentMessage($0) }
    isAwaiting = false
    switch status.state {
    case .unspecified: if let message, isNewMessage { emit(.said(AgentMessage(message))) }
    case .submitted, .working: emit(.status(status.state, told, metadata: metadata))
    case .authRequired:
      isAwaiting = true
      rememberArtifacts(emit)
      emit(.awaitingApproval(told, metadata: metadata))
    case .inputRequired:
      isOver = true
      rememberArtifacts(emit)
      emit(.status(status.state, told, metadata: metadata))
    case .completed, .failed, .canceled, .rejected:
      isOver = true
      emit(.status(status.state, told, metadata: metadata))
    }
  }

  /// The agent does not go on by itself for all that is known: the caller has the word.
  mutating func stopAwaiting(_ emit: Emit) {
    guard !isOver else { return }
    isOver = true
    rememberArtifacts(emit)
    emit(.status(.authRequired))
  }

  /// The next turn of the task will see its artifacts again.
  private mutating func rememberArtifacts(_ emit: Emit) {
    let digests = artifacts.mapValues(\.digest)
    guard state.artifacts != digests else { return }
    state.artifacts = digests
    emit(.backendState(state.fragment))
  }

  /// What the agent has said since the turn's message, and not in a status.
  private func newMessages(of task: AgentTask) -> [Message] {
    guard let own = task.history.lastIndex(where: { $0.messageID == messageID }) else { return [] }
    return task.history[(own + 1)...].filter { message in
      message.role == .agent && !heard.contains(message.messageID)
        && message.messageID != task.status.message?.messageID
    }
  }

  private mutating func say(_ message: Message, _ emit: Emit) {
    guard message.role == .agent, heard.insert(message.messageID).inserted else { return }
    emit(.said(AgentMessage(message)))
  }

  // MARK: Artifacts

  private mutating func chunk(_ update: TaskArtifactUpdate, _ emit: Emit) {
    let artifact = update.artifact
    if update.append, artifacts[artifact.artifactID] != nil {
      artifacts[artifact.artifactID]?.digest.add(artifact.parts)
      emit(.artifact(artifact, append: true, lastChunk: update.lastChunk, metadata: update.metadata))
    } else {
      artifacts[artifact.artifactID] = KnownArtifact(artifact)
      emit(.artifact(artifact, append: false, lastChunk: update.lastChunk, metadata: update.metadata))
    }
  }

  /// An artifact is told in full. What of it was passed on stands if it is a beginning of that.
  private mutating func whole(_ artifact: Artifact, isComplete: Bool, _ emit: Emit) {
    guard let known = artifacts[artifact.artifactID], known.isNamed(as: artifact) else {
      return replace(artifact, isComplete, emit)
    }
    switch known.digest.difference(to: artifact.parts) {
    case .none: break
    case .more(let rest):
      artifacts[artifact.artifactID]?.digest.add(rest)
      var more = artifact
      more.parts = rest
      emit(.artifact(more, append: true, lastChunk: isComplete, metadata: nil))
    case .other: replace(artifact, isComplete, emit)
    }
  }

  private mutating func replace(_ artifact: Artifact, _ isComplete: Bool, _ emit: Emit) {
    artifacts[artifact.artifactID] = KnownArtifact(artifact)
    emit(.artifact(artifact, append: false, lastChunk: isComplete, metadata: nil))
  }

  // MARK: Metadata

  private mutating func metadata(_ object: JSONFragment, _ emit: Emit) {
    object.document.root.forEachMember { key, value in
      if key == GatewayExtension.uri { return losses(of: value, emit) }
      let (name, fragment) = (key.string, value.fragment)
      guard metadata[name] != fragment else { return }
      metadata[name] = fragment
      emit(.taskMetadata(name: name, fragment))
    }
  }

  /// The agent is behind another gateway of this kind, whose losses are losses of this call.
  private mutating func losses(of node: JSONNode, _ emit: Emit) {
    for name in node["losses"]?.elements.compactMap(\.string) ?? [] {
      let isName =
        (1...64).contains(name.utf8.count)
        && name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_".utf8.contains($0) }
      guard isName, losses.count < A2ATurnReader.lossesMax, losses.insert(name).inserted else { continue }
      emit(.loss(name))
    }
  }
}

/// What was passed on of an artifact.
private struct KnownArtifact {
  var digest: ArtifactDigest
  /// Its names; nil where an earlier turn has passed it on.
  private var name: JSONString?
  private var description: JSONString?
  private var isFromEarlier = false

  init(digest: ArtifactDigest) {
    self.digest = digest
    isFromEarlier = true
  }

  init(_ artifact: Artifact) {
    digest = ArtifactDigest()
    digest.add(artifact.parts)
    name = artifact.name
    description = artifact.description
  }

  func isNamed(as artifact: Artifact) -> Bool {
    isFromEarlier || (name == artifact.name && description == artifact.description)
  }
}

extension AgentMessage {
  init(_ message: Message) {
    self.init(message.parts, metadata: message.metadata, extensions: message.extensions)
  }
}
