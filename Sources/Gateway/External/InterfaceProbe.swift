internal import A2A
internal import FoundationEssentials
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network

/// Asks an interface of an external agent about a task that cannot be there, as calls ask it. Whoever speaks the protocol
/// says that there is no such task, in the dialect of the card; that shows version and binding. Where the card claims
/// streams, the same task is subscribed to: an agent with streams says again that there is none, one without says that it
/// does not do that (A2A 1.0 §3.1.6, §3.3.4). Two small calls that begin nothing. On one loop.
final class InterfaceProbe {
  enum Outcome: String, Sendable {
    /// It answers as its card says.
    case verified
    /// It wants other credentials.
    case denied
    /// It answers, but not as a task that is not there is answered in this dialect.
    case doubtful
    case unreachable
  }

  /// What became of a card's claim that the agent streams.
  struct Streaming: Sendable, Equatable {
    enum Outcome: String, Sendable {
      case verified
      /// The agent says that it does not stream: calls do not ask it to.
      case refused
      /// Nothing speaks for it or against it: the first call will show.
      case claimed
    }

    var outcome: Outcome
    /// For people; empty where all is well. Nothing of the agent's own words.
    var note = ""

    /// The interface is out of reach.
    static let notAsked = Streaming(outcome: .claimed, note: "not asked")
  }

  /// What became of one interface.
  struct Result: Sendable, Equatable {
    var url: String
    var binding: String
    var version: String
    var outcome: Outcome
    /// For people; empty where all is well. Nothing of the agent's own words.
    var note: String
    /// nil where the card claims no streams.
    var streaming: Streaming?

    func isOf(_ endpoint: ExternalEndpoint) -> Bool {
      url == endpoint.url.withoutQuery && binding == endpoint.binding.cardName && version == endpoint.version.text
    }
  }

  /// For each of the two questions, to the last byte of its answer.
  static let time: Duration = .seconds(10)
  /// Interfaces of one agent that are asked.
  static let interfacesMax = 4
  private static let answerBytesMax = 64 * 1024

  private let loop: EventLoop
  private let agent: ExternalAgent
  private let endpoint: ExternalEndpoint
  private let claimsStreams: Bool
  private let known: Streaming?
  private var done: ((Result) -> Void)?
  private var call: ExternalCall?
  private var timer: Timer?
  /// No agent has minted it. Some look at the form of ids before they look for the task.
  private let taskID = UUID().uuidString.lowercased()

  /// - Parameters:
  ///   - agent: whose credentials and network the questions use.
  ///   - known: what came of the claim before, where that need not be asked again.
  ///   - done: called once, in a later turn of the loop, unless the probe is canceled before.
  init(
    _ endpoint: ExternalEndpoint, of agent: ExternalAgent, claimsStreams: Bool, known: Streaming? = nil,
    on loop: EventLoop, _ done: @escaping (Result) -> Void
  ) {
    self.endpoint = endpoint
    self.agent = agent
    self.claimsStreams = claimsStreams
    self.known = known
    self.loop = loop
    self.done = done
  }

  func start() {
    ask(.getTask(id: taskID, historyLength: nil)) { [self] outcome in
      let (outcome, note) = InterfaceProbe.read(outcome, at: endpoint)
      askForStreams(Result(endpoint, outcome, note))
    }
  }

  func cancel() {
    done = nil
    stop()
  }

  private func stop() {
    call?.cancel()
    call = nil
    if let timer { loop.cancel(timer) }
    timer = nil
  }

  // MARK: Asking

  private enum Answer {
    case ended(ExternalCall.Outcome)
    /// Of a stream, its first.
    case event(SSEEvent)
    /// A stream was opened, and nothing came of it.
    case emptyStream
    case tooSlow
  }

  private func ask(_ question: AgentCall, _ answered: @escaping (Answer) -> Void) {
    guard
      let request = ExternalRequest(question, to: endpoint, extensions: [], gateways: [agent.gatewayName])
    else { return loop.later { answered(.ended(.notSent("the version has no such call"))) } }
    var timeouts = HTTPClientTimeouts()
    timeouts.connect = InterfaceProbe.time / 2
    timeouts.firstByte = InterfaceProbe.time
    timeouts.silence = InterfaceProbe.time
    let once: (Answer) -> Void = { [self] answer in
      stop()
      if done != nil { answered(answer) }
    }
    let ended: (ExternalCall.Outcome?) -> Void = { [self] outcome in
      once(self.call?.isStream == true ? .emptyStream : outcome.map { .ended($0) } ?? .tooSlow)
    }
    let call = ExternalCall(
      request, to: endpoint, of: agent, on: loop, timeouts: timeouts, bodyBytesMax: InterfaceProbe.answerBytesMax,
      onEvent: { once(.event($0)) }, done: ended)
    self.call = call
    // However slowly its bytes come.
    timer = loop.schedule(after: InterfaceProbe.time) { [self] in
      timer = nil
      ended(nil)
    }
    call.start()
  }

  private func askForStreams(_ result: Result) {
    var result = result
    guard claimsStreams else { return finish(result) }
    switch result.outcome {
    case .denied, .unreachable:
      result.streaming = .notAsked
      return finish(result)
    case .verified, .doubtful: break
    }
    if let known {
      result.streaming = known
      return finish(result)
    }
    ask(.subscribeToTask(id: taskID)) { [self] answer in
      result.streaming = InterfaceProbe.streaming(answer, at: endpoint)
      finish(result)
    }
  }

  // MARK: Reading

  private static func read(_ answer: Answer, at endpoint: ExternalEndpoint) -> (Outcome, note: String) {
    switch answer {
    case .tooSlow: return (.unreachable, "it has not answered in full within \(time.components.seconds) s")
    case .event, .emptyStream, .ended(.streamEnded):
      return (.doubtful, "it answered with a stream to what has one answer")
    case .ended(.notSent(let reason)): return (.unreachable, reason)
    case .ended(.failed(let failure)): return (.unreachable, failure.message)
    case .ended(.unusable(let reason)): return (.doubtful, reason)
    case .ended(.answer(let answer)):
      if answer.isDenial { return (.denied, "it answered \(answer.status)") }
      do throws(PeerFault) {
        _ = try answer.result(.getTask, at: endpoint)
        return (.doubtful, "it has a task under an id that no task can have")
      } catch {
        if error.saysNoSuchTask(at: endpoint) { return (.verified, "") }
        let kind = error.error.kind
        return (.doubtful, "it answered \(answer.status) to a question for a task that is not there: \(kind)")
      }
    }
  }

  /// Only what the protocol has a word for counts. Servers that end the stream that they have opened in an odd way, as
  /// a2a-sdk 0.3 does over HTTP+JSON, have opened one nevertheless.
  private static func streaming(_ answer: Answer, at endpoint: ExternalEndpoint) -> Streaming {
    switch answer {
    case .tooSlow: return claimed("it has not answered a subscription within \(time.components.seconds) s")
    case .emptyStream, .ended(.streamEnded): return Streaming(outcome: .verified)
    case .event(let event):
      do throws(PeerFault) {
        _ = try ResultDecoder.streamItem(event.data, version: endpoint.version, binding: endpoint.binding)
        return claimed("it streams a task under an id that no task can have")
      } catch {
        return streaming(error, at: endpoint)
      }
    case .ended(.failed(let failure)): return claimed(failure.message)
    case .ended(.notSent(let reason)), .ended(.unusable(let reason)): return claimed(reason)
    case .ended(.answer(let answer)):
      if answer.isDenial { return claimed("it answered \(answer.status) to a subscription") }
      do throws(PeerFault) {
        _ = try answer.result(.subscribeToTask, at: endpoint)
        return claimed("it has a task under an id that no task can have")
      } catch {
        return streaming(error, at: endpoint)
      }
    }
  }

  private static func streaming(_ fault: PeerFault, at endpoint: ExternalEndpoint) -> Streaming {
    if fault.saysNoSuchTask(at: endpoint) { return Streaming(outcome: .verified) }
    guard fault.isUnsupportedOperation(at: endpoint) else {
      return claimed("it answered a subscription to a task that is not there with \(fault.error.kind)")
    }
    // Version 0.3 does not bind subscriptions to streams: some agents that stream refuse all subscriptions.
    guard endpoint.version == .v1_0 else { return claimed("it takes no subscriptions") }
    return Streaming(outcome: .refused, note: "the card claims streams, and the agent says that it has none")
  }

  private static func claimed(_ note: String) -> Streaming { Streaming(outcome: .claimed, note: note) }

  private func finish(_ result: Result) {
    let done = done
    self.done = nil
    stop()
    done?(result)
  }
}

extension ExternalAnswer {
  /// It wants other credentials.
  fileprivate var isDenial: Bool { status == 401 || status == 403 }
}

extension PeerFault {
  /// The protocol's own error, not the status 501 of whatever server stands there.
  fileprivate func isUnsupportedOperation(at endpoint: ExternalEndpoint) -> Bool {
    error.kind == .unsupportedOperation && (endpoint.binding == .jsonRPC || reason != nil)
  }
}

extension InterfaceProbe.Result {
  init(_ endpoint: ExternalEndpoint, _ outcome: InterfaceProbe.Outcome, _ note: String) {
    self.init(
      url: endpoint.url.withoutQuery, binding: endpoint.binding.cardName, version: endpoint.version.text,
      outcome: outcome, note: note)
  }

  init(_ node: JSONNode) throws(RecordFault) {
    let reader = RecordReader(node)
    self.init(
      url: try reader.string("url"), binding: try reader.string("binding"), version: try reader.string("version"),
      outcome: try reader.name("outcome"), note: try reader.string("note"))
    if node["streaming"] != nil {
      streaming = InterfaceProbe.Streaming(
        outcome: try reader.name("streaming"), note: node["streaming_note"]?.string ?? "")
    }
  }

  func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("url", url)
    writer.member("binding", binding)
    writer.member("version", version)
    writer.member("outcome", outcome.rawValue)
    writer.member("note", note)
    if let streaming {
      writer.member("streaming", streaming.outcome.rawValue)
      writer.member("streaming_note", streaming.note)
    }
    writer.endObject()
  }
}

extension [InterfaceProbe.Result] {
  func write(into writer: inout JSONWriter) {
    writer.beginArray()
    for result in self { result.write(into: &writer) }
    writer.endArray()
  }
}
