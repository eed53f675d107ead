internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// One call on its way to the Orq workspace and its answer back: streams as they come, at the caller's pace, anything else
/// whole. Lives on the loop of its request; a caller that hangs up ends the exchange, not the task.
final class OrqRelay {
  private let plan: OrqForwarding
  private let context: LoopContext
  private let responder: OrqResponder
  /// What becomes of the body of a successful answer that is no stream.
  private let transform: ([UInt8]) -> [UInt8]?
  private var call: HTTPClientCall?
  private var hasPlace = false
  private var isPaused = false
  private var keepAliveTimer: Timer?
  private var lastWriteAt: MonotonicTime
  /// The last bytes of the stream: a comment may stand only between events.
  private var tail: [UInt8] = [0x0A, 0x0A]

  private enum Answer {
    case none
    case whole(status: Int, type: String?, retryAfter: String?)
    case stream
  }

  private var answer = Answer.none
  private var body: [UInt8] = []
  private var watch = OrqTaskWatch()
  /// nil for callers that take events as they are.
  private var frame: OrqStreamFrame?

  private static let bodyBytesMax = 32 * 1024 * 1024
  private static let errorBytesMax = 64 * 1024

  /// - Parameter transform: nil as its result for a body that cannot be understood.
  init(
    _ plan: OrqForwarding, _ context: LoopContext, _ responder: OrqResponder, isOfVersion3: Bool,
    transform: @escaping ([UInt8]) -> [UInt8]? = { $0 }
  ) {
    self.plan = plan
    self.context = context
    self.responder = responder
    self.transform = transform
    frame = isOfVersion3 ? OrqStreamFrame() : nil
    lastWriteAt = context.loop.now
  }

  /// - Parameters:
  ///   - query: of the caller's URL.
  ///   - body: nil where the operation has none.
  func begin(query: String?, body: [UInt8]?, isStreamed: Bool) throws(AgentError) {
    if plan.beginsTask, let agent = plan.agent {
      guard agent.takePlace() else {
        throw AgentError(
          .tooManyRequests, "this agent has as many tasks under way as it may have; retry in a moment",
          source: .gateway, retryAfterSeconds: 5)
      }
      hasPlace = true
    }
    let call = OrqCall.passedOn(
      plan.route, query: query, body: body, isStreamed: isStreamed, for: plan.workspace.generation)
    var request = plan.workspace.request(call, gateways: GatewayHops.names(responder.exchange.request.fields))
    if plan.beginsTask, !isStreamed {
      // An answer that comes whole may come when the agent is done.
      request.timeouts.firstByte = (plan.agent?.limits ?? context.services.limits).turns.taskTime
    }
    // Whether a stream comes is Orq's to say; what comes whole is bounded here.
    request.responseBytesMax = .max
    let exchange = responder.exchange
    exchange.onClose = { [weak self] in self?.stop() }
    // The call holds this relay until it ends, one way or the other.
    self.call = HTTPClient.shared(on: context.loop).send(
      request,
      HTTPClientHandlers(
        onHead: { [self] in receive($0) }, onBody: { [self] in receive($0) }, onEnd: { [self] in ended() },
        onError: { [self] in failed($0) }))
  }

  private func stop() {
    call?.cancel()
    call = nil
    leave()
  }

  private func leave() {
    if hasPlace { plan.agent?.leavePlace() }
    hasPlace = false
    if let keepAliveTimer { context.loop.cancel(keepAliveTimer) }
    keepAliveTimer = nil
  }

  // MARK: The answer

  private func receive(_ head: HTTPResponseHead) {
    let type = head.fields["content-type"]
    let media = type.flatMap { MediaType($0) }
    guard head.fields["content-encoding"].map({ $0.lowercased() == "identity" }) ?? true else {
      return refuse("the answer has a content encoding that was not asked for", UpstreamRefusal.notUnderstood)
    }
    guard head.status == 200, media?.type == "text", media?.subtype == "event-stream" else {
      answer = .whole(status: head.status, type: type, retryAfter: head.fields["retry-after"])
      return
    }
    answer = .stream
    responder.exchange.onDrained = { [weak self] in self?.resume() }
    responder.startStream()
    armKeepAlive()
  }

  private func receive(_ bytes: [UInt8]) {
    switch answer {
    case .none: break
    case .whole(let status, _, _):
      body += bytes
      let max = status < 300 ? OrqRelay.bodyBytesMax : OrqRelay.errorBytesMax
      if body.count > max { refuse("the answer is too large", UpstreamRefusal.notUnderstood) }
    case .stream:
      if plan.beginsTask, let taskID = watch.taskID(in: bytes) { own(taskID) }
      write(frame?.framed(bytes) ?? bytes)
    }
  }

  private func ended() {
    call = nil
    defer { leave() }
    switch answer {
    case .none: refuse("there was no answer", UpstreamRefusal.notUnderstood)
    case .stream: responder.exchange.finish()
    case .whole(let status, let type, let retryAfter): pass(status, type, retryAfter)
    }
  }

  private func failed(_ failure: HTTPClientError) {
    call = nil
    log("a call to Orq failed", ["error": .string(failure.message)])
    leave()
    if case .stream = answer {
      // There is no telling what was lost: the caller sees that the stream is not complete.
      responder.note(error: .unavailable)
      return responder.exchange.abort()
    }
    responder.respond(UpstreamRefusal.error(failure))
  }

  private func refuse(_ reason: String, _ error: AgentError) {
    log("Orq's answer cannot be passed on", ["reason": .string(reason)])
    stop()
    if case .stream = answer { return responder.exchange.abort() }
    responder.respond(error)
  }

  // MARK: Whole answers

  private func pass(_ status: Int, _ type: String?, _ retryAfter: String?) {
    switch status {
    case 200..<300 where !plan.workspace.isLeak(body):
      if plan.changesAgents { context.services.control.refreshWorkspace() }
      if status == 204 { return responder.pass(status, type: nil, body: []) }
      // A page of some proxy is no answer, and not for browsers to find at this address.
      guard type.map({ MediaType($0).map { $0.type == "application" && $0.subtype == "json" } ?? false }) ?? true else {
        return refuse("the answer is no JSON", UpstreamRefusal.notUnderstood)
      }
      guard let text = transform(body) else {
        return refuse("the answer is not what was asked for", UpstreamRefusal.notUnderstood)
      }
      if plan.beginsTask, let taskID = OrqTaskWatch.taskID(ofBody: text) { own(taskID) }
      responder.pass(status, type: type ?? "application/json", body: text)
    default:
      responder.respond(OrqUpstreamRefusal(status, retryAfter, body, plan, context))
    }
  }

  private func own(_ taskID: String) {
    guard let owner = plan.owner else { return }
    context.services.forwardedTasks.note(
      taskID, of: owner, at: context.loop.now, wallMilliseconds: context.loop.wallMilliseconds)
    responder.note(upstreamTaskID: taskID)
  }

  // MARK: Streams

  private func write(_ bytes: [UInt8]) {
    tail = (tail + bytes.suffix(4)).suffix(4)
    lastWriteAt = context.loop.now
    let exchange = responder.exchange
    exchange.write(bytes)
    // A slow caller is read for no faster than it reads.
    guard exchange.bufferedBytes > context.services.limits.streams.bufferBytesMax else { return }
    isPaused = true
    call?.pause()
  }

  private func resume() {
    guard isPaused else { return }
    isPaused = false
    call?.resume()
  }

  /// Whether an empty line was the last one. Lines end as the workspace ends them: with a carriage return, a line feed, or
  /// both.
  private static func endsEvent(_ tail: [UInt8]) -> Bool {
    var rest = tail[...]
    for _ in 0..<2 {
      guard let last = rest.popLast(), last == 0x0A || last == 0x0D else { return false }
      if last == 0x0A, rest.last == 0x0D { rest.removeLast() }
    }
    return true
  }

  private func armKeepAlive() {
    let due = lastWriteAt + context.services.limits.streams.keepAlive
    keepAliveTimer = context.loop.schedule(after: due - context.loop.now) { [weak self] in
      guard let self, call != nil else { return }
      if context.loop.now >= lastWriteAt + context.services.limits.streams.keepAlive {
        if OrqRelay.endsEvent(tail), !isPaused { responder.writeKeepAlive() }
        lastWriteAt = context.loop.now
      }
      armKeepAlive()
    }
  }

  private func log(_ message: StaticString, _ fields: KeyValuePairs<String, LogValue>) {
    context.services.logger.with(["operation": .string("\(plan.route.operation)")]).warning(message, fields)
  }
}

/// Finds the task that an answer of Orq names, before the caller is told of it.
struct OrqTaskWatch {
  private var decoder: SSEDecoder? = SSEDecoder(eventBytesMax: OrqTaskWatch.eventBytesMax)
  private var events = 0

  private static let eventBytesMax = 1024 * 1024
  /// The first event names the task; what comes behind so many names none.
  private static let eventsMax = 16

  /// The task's id, once, where these bytes of a stream complete the event that names it.
  mutating func taskID(in bytes: [UInt8]) -> String? {
    guard var decoder = decoder.take() else { return nil }
    var found: String?
    var count = events
    do {
      try decoder.feed(bytes) { event in
        count += 1
        if found == nil { found = OrqTaskWatch.taskID(ofEvent: event.data) }
      }
    } catch {
      return nil
    }
    events = count
    if found == nil, count < OrqTaskWatch.eventsMax { self.decoder = decoder }
    return found
  }

  /// Of either family, in either form (contract §4.3).
  private static func taskID(ofEvent data: [UInt8]) -> String? {
    guard var root = try? JSONDocument.parse(data).root else { return nil }
    if let text = root.text {
      guard let inner = try? JSONDocument.parse(text.utf8).root else { return nil }
      root = inner
    }
    return (root["data"]?["agent_task_id"] ?? root["data"]?["taskId"])?.string
  }

  /// Of a task, or of a response.
  static func taskID(ofBody body: [UInt8]) -> String? {
    guard let root = try? JSONDocument.parse(body).root else { return nil }
    return (root["task_id"] ?? root["id"])?.string
  }
}

extension ControlDoor {
  /// Has the agents of the Orq workspace asked for anew.
  func refreshWorkspace() { _ = perform { $0.directory?.refreshNow() } }
}
