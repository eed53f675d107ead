internal import A2A
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import LocalRuntime
internal import Model
internal import Network
internal import Telemetry

/// One turn with an external agent: one send, and, where its answer ends too early, following the task until it ends. Lives
/// on one loop.
///
/// Where the agent has refused a send before anything began, another of its interfaces may be tried; a message that may
/// have arrived is never sent twice.
final class A2AExchange: RunningTurn {
  private let backend: A2ABackend
  private let turn: Turn
  private let loop: EventLoop
  private var emit: ((consuming TurnEvent) -> Void)?
  private var reader: A2ATurnReader
  private var call: ExternalCall?
  private var timer: Timer?

  /// Where the message went, or goes next.
  private var endpoint: ExternalEndpoint
  private let first: ExternalEndpoint
  /// In the order in which they are tried.
  private let endpoints: [ExternalEndpoint]
  private var tried: Set<ExternalEndpoint> = []
  private var streams = true
  /// The agent has refused to stream: if it takes the message so, it is not asked again.
  private var isWithoutStreams = false
  private var losses: Set<String> = []

  private var pollDelay = A2AExchange.pollDelayMin
  /// A stream has told something beyond its first event: another one is worth its cost.
  private var mayResubscribe = true
  private var hasHeardFirst = false
  private var hasLoggedUnknown = false
  private var awaitingSince: MonotonicTime?

  private static let pollDelayMin: Duration = .milliseconds(250)
  private static let pollDelayMax: Duration = .seconds(5)
  /// While somebody authorises elsewhere.
  private static let awaitingPollDelayMax: Duration = .seconds(30)
  /// How long an authorisation is waited for; then the word is the caller's.
  private static let awaitingTimeMax: Duration = .seconds(3600)
  private static let attemptsMax = 6

  init(
    backend: A2ABackend, turn: Turn, state: A2AContextState, first: ExternalEndpoint, others: [ExternalEndpoint],
    loop: EventLoop, emit: @escaping (consuming TurnEvent) -> Void
  ) {
    self.backend = backend
    self.turn = turn
    self.loop = loop
    self.emit = emit
    reader = A2ATurnReader(state: state, messageID: A2ABackend.messageID(of: turn))
    self.first = first
    endpoint = first
    endpoints = [first] + others
  }

  func begin() { send(to: first, streams: streams(at: first)) }

  private func streams(at endpoint: ExternalEndpoint) -> Bool {
    backend.agent.canStream && !backend.agent.memory.isStreamless(endpoint)
  }

  func cancel() {
    emit = nil
    stop()
  }

  private func stop() {
    call?.cancel()
    call = nil
    if let timer { loop.cancel(timer) }
    timer = nil
  }

  // MARK: Sending

  private func send(to endpoint: ExternalEndpoint, streams: Bool) {
    self.endpoint = endpoint
    self.streams = streams
    losses = []
    let send = backend.request(for: turn, reader.state, losses: &losses)
    let agentCall: AgentCall = streams ? .sendStreamingMessage(send) : .sendMessage(send)
    perform(agentCall, isStream: streams, waits: true) { [self] outcome in sent(outcome, agentCall.operation) }
  }

  private func perform(
    _ agentCall: AgentCall, isStream: Bool, waits: Bool, _ done: @escaping (ExternalCall.Outcome) -> Void
  ) {
    let agent = backend.agent
    guard
      let request = ExternalRequest(
        agentCall, to: endpoint, extensions: backend.extensions(of: turn),
        gateways: turn.gateways + [agent.gatewayName])
    else { return done(.notSent("version \(endpoint.version.text) has no \(agentCall.operation.rawValue)")) }
    losses.formUnion(request.losses.names)
    hasHeardFirst = false
    let call = ExternalCall(
      request, to: endpoint, of: agent, on: loop, timeouts: backend.timeouts(isStream: isStream, waits: waits),
      onEvent: { [self] in receive($0) },
      done: { [self] outcome in
        self.call = nil
        if emit != nil { done(outcome) }
      })
    self.call = call
    call.start()
  }

  private func sent(_ outcome: ExternalCall.Outcome, _ operation: AgentOperation) {
    switch outcome {
    case .answer(let answer):
      do throws(PeerFault) {
        guard case .sent(let result) = try answer.result(operation, at: endpoint) else { return fail() }
        accepted()
        switch result {
        case .task(let task): reader.read(task) { deliver($0) }
        case .message(let message): reader.read(StreamItem(event: .message(message), final: false)) { deliver($0) }
        }
        noteProgress()
        if !reader.isOver { follow() }
      } catch {
        refused(error, streams)
      }
    case .streamEnded:
      reader.isAccepted ? follow() : refuse(ExternalRefusal.brokeOff, "the stream ended before its first event")
    case .failed(let failure): failed(failure)
    case .notSent(let reason): refuse(ExternalRefusal.notReachable, reason)
    case .unusable(let reason): reader.isAccepted ? broken(reason) : refuse(UpstreamRefusal.notUnderstood, reason)
    }
  }

  private func failed(_ failure: HTTPClientError) {
    if reader.isAccepted { return broken(failure.message) }
    guard !failure.mayHaveArrived, failure.kind != .overloaded else {
      return refuse(
        failure.kind == .truncated || failure.kind == .silenceTimeout
          ? ExternalRefusal.brokeOff : UpstreamRefusal.error(failure), failure.message)
    }
    // Nothing has left: another interface may do. It may be at the same place under another version: that is no better.
    backend.agent.memory.noteUnreachable(endpoint, at: loop.now)
    tried.insert(endpoint)
    let unreachable = endpoint.url.authority
    guard let next = endpoints.first(where: { !tried.contains($0) && $0.url.authority != unreachable }) else {
      return refuse(UpstreamRefusal.error(failure), failure.message)
    }
    tellOfFallback(to: next, failure.message)
    send(to: next, streams: streams(at: next))
  }

  /// The agent did not take the message; nothing has begun there.
  private func refused(_ fault: PeerFault, _ streamed: Bool) {
    if reader.isAccepted { return broken(fault.text) }
    tried.insert(endpoint)
    let obstacle = ExternalObstacle(fault, at: endpoint)
    if case .notSpoken = obstacle, tried.count < A2AExchange.attemptsMax {
      if let other = backend.agent.interfaces.alternative(to: endpoint), !tried.contains(other) {
        tellOfFallback(to: other, fault.text)
        return send(to: other, streams: streamed)
      }
      if let next = endpoints.first(where: { !tried.contains($0) }) {
        tellOfFallback(to: next, fault.text)
        return send(to: next, streams: streamed)
      }
    }
    // The card promises streams, and the agent has none. Of a task it may mean that it takes no message.
    let mayLackStreams =
      (fault.error.kind == .unsupportedOperation && !turn.isContinuation)
      || (endpoint.binding == .jsonRPC && fault.code == -32601)
    if streamed, mayLackStreams {
      isWithoutStreams = true
      tried = []
      tellOfFallback(to: first, fault.text)
      return send(to: first, streams: false)
    }
    report(fault)
    deliver(.refused(ExternalRefusal.error(fault, isContinuation: turn.isContinuation)))
  }

  private func tellOfFallback(to next: ExternalEndpoint, _ reason: String) {
    backend.logger.warning(
      "The agent did not take a call; another of its interfaces is tried.",
      ["interface": .string(endpoint.text), "next": .string(next.text), "reason": .string(String(reason.prefix(512)))])
  }

  private func report(_ fault: PeerFault) {
    let text = String(fault.text.prefix(512))
    switch fault.code {
    case 401, 403, 407:
      backend.logger.error(
        "The agent does not accept the gateway's credentials. Check \"credentials\" in its registration.",
        ["interface": .string(endpoint.text), "status": .int(fault.code ?? 0), "answer": .string(text)])
    case 508:
      backend.logger.error(
        "The agent calls this gateway back in a circle. Check which agents are registered at which gateway.",
        ["interface": .string(endpoint.text)])
    default:
      backend.logger.warning(
        "The agent refused a message.",
        ["interface": .string(endpoint.text), "code": .int(fault.code ?? 0), "answer": .string(text)])
    }
  }

  // MARK: Events

  private func receive(_ event: SSEEvent) {
    let item: StreamItem
    do throws(PeerFault) {
      item = try ResultDecoder.streamItem(event.data, version: endpoint.version, binding: endpoint.binding)
    } catch {
      if error == .unknownEvent { return passOver() }
      // Some agents open a stream to say that there is none, others break off with an error in it.
      call?.cancel()
      call = nil
      guard reader.isAccepted else { return refused(error, streams) }
      backend.logger.warning(
        "The agent's stream broke off with an error.", ["answer": .string(String(error.text.prefix(512)))])
      return lookUpLater()
    }
    accepted()
    mayResubscribe = mayResubscribe || hasHeardFirst
    hasHeardFirst = true
    read(item)
    if reader.isOver {
      call?.linger()
      call = nil
    }
  }

  private func passOver() {
    if hasLoggedUnknown { return }
    hasLoggedUnknown = true
    backend.logger.warning("The agent sent an event of an unknown kind; such events are passed over.")
  }

  private func read(_ item: StreamItem) {
    reader.read(item) { deliver($0) }
    noteProgress()
  }

  private func noteProgress() {
    if !reader.isAwaiting { awaitingSince = nil }
    if reader.isOver, reader.state.taskID == nil, let contextID = reader.state.contextID {
      backend.agent.memory.noteContextID(contextID, for: turn.contextID, of: turn.principal)
    }
  }

  /// The agent has taken the message: from here on a failure is the task's.
  private func accepted() {
    guard !reader.isAccepted else { return }
    let memory = backend.agent.memory
    memory.noteReachable(endpoint)
    if endpoint != first { memory.prefer(endpoint) }
    if isWithoutStreams { memory.noteStreamless(endpoint) }
    for loss in losses.sorted() { deliver(.loss(loss)) }
  }

  // MARK: Following

  /// The answer is over and the task is not.
  private func follow() {
    guard reader.state.taskID != nil else { return fail() }
    if reader.isAwaiting, awaitingSince == nil { awaitingSince = loop.now }
    if let awaitingSince, loop.now >= awaitingSince + A2AExchange.awaitingTimeMax {
      return reader.stopAwaiting { deliver($0) }
    }
    // A subscription of 1.0 begins with the task as it stands. One of 0.3 does not, and has agents repeat in their records
    // what they tell (contracts: traps 7 and 8): there the task is looked up.
    guard endpoint.version == .v1_0, streams, mayResubscribe else { return lookUpLater() }
    mayResubscribe = false
    wait { [self] in subscribe() }
  }

  private func wait(_ body: @escaping () -> Void) {
    timer = loop.schedule(after: pollDelay) { [weak self] in
      guard let self, emit != nil else { return }
      timer = nil
      body()
    }
    pollDelay = min(
      pollDelay * 2, reader.isAwaiting ? A2AExchange.awaitingPollDelayMax : A2AExchange.pollDelayMax)
  }

  private func subscribe() {
    guard let taskID = reader.state.taskID else { return fail() }
    perform(.subscribeToTask(id: taskID), isStream: true, waits: false) { [self] outcome in
      switch outcome {
      // It has ended meanwhile, or the agent does not do this.
      case .answer, .notSent, .unusable: lookUpLater()
      case .streamEnded: follow()
      case .failed(let failure): broken(failure.message)
      }
    }
  }

  private func broken(_ reason: String) {
    backend.logger.warning(
      "The connection to the agent broke; its task is looked up.",
      ["interface": .string(endpoint.text), "reason": .string(String(reason.prefix(512)))])
    follow()
  }

  /// Asks how the task stands, ever less often.
  private func lookUpLater() {
    guard reader.state.taskID != nil else { return fail() }
    wait { [self] in lookUp() }
  }

  private func lookUp() {
    guard let taskID = reader.state.taskID else { return fail() }
    perform(.getTask(id: taskID, historyLength: nil), isStream: false, waits: false) { [self] outcome in
      guard case .answer(let answer) = outcome else { return lookUpLater() }
      do throws(PeerFault) {
        guard case .task(let task) = try answer.result(.getTask, at: endpoint) else { return lookUpLater() }
        reader.read(task) { deliver($0) }
        if !reader.isOver { follow() }
      } catch {
        switch error.error.kind {
        case .taskNotFound, .methodNotFound, .unsupportedOperation:
          report(error)
          fail()
        default: lookUpLater()
        }
      }
    }
  }

  // MARK: The turn

  private func deliver(_ event: TurnEvent) {
    guard let emit else { return }
    if event.endsTurn { self.emit = nil }
    emit(event)
  }

  private func refuse(_ error: AgentError, _ reason: String) {
    backend.logger.warning(
      "A call to the agent failed.",
      ["interface": .string(endpoint.text), "reason": .string(String(reason.prefix(512)))])
    deliver(.refused(error))
  }

  /// The task exists here, and nothing more will be known of it.
  private func fail() {
    deliver(reader.isAccepted ? .status(.failed, "The agent failed.") : .refused(UpstreamRefusal.notUnderstood))
  }
}
