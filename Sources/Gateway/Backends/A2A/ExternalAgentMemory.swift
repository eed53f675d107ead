internal import HTTP
internal import Network
internal import Synchronization

/// What the calls to an external agent have taught, for all loops: kept while its card and its registration change.
final class ExternalAgentMemory: Sendable {
  private struct State {
    /// Answers although the card puts others first, or does not name it.
    var preferred: ExternalEndpoint?
    /// Not called for a while: the last call could not connect.
    var unreachable: [ExternalEndpoint: MonotonicTime] = [:]
    /// Answers streams with an error, whatever the card says: calls have shown it.
    var streamless: Set<ExternalEndpoint> = []
    /// Said so when it was last probed.
    var probedStreamless: Set<ExternalEndpoint> = []
    /// Which verb the agent takes for subscriptions over HTTP+JSON.
    var subscribeMethod: [ExternalEndpoint: HTTPMethod] = [:]
    /// The agent's names of contexts, by the gateway's: of contexts that have no task to keep them.
    var contexts: [String: String] = [:]
    var contextOrder: [String] = []
    var nextContext = 0
  }

  private let state = Mutex(State())

  private static let contextsMax = 4096
  private static let endpointsMax = 64
  private static let unreachableTime: Duration = .seconds(30)

  // MARK: Endpoints

  /// The endpoints in the order in which to try them.
  func order(_ interfaces: ExternalInterfaces, at now: MonotonicTime) -> [ExternalEndpoint] {
    state.withLock { state in
      var order = interfaces.stated
      if let preferred = state.preferred, interfaces.offers(preferred) {
        order = [preferred] + order.filter { $0 != preferred }
      }
      if state.unreachable.isEmpty { return order }
      let isUp = order.map { state.unreachable[$0].map { $0 <= now } ?? true }
      return zip(order, isUp).filter(\.1).map(\.0) + zip(order, isUp).filter { !$0.1 }.map(\.0)
    }
  }

  func prefer(_ endpoint: ExternalEndpoint) { state.withLock { $0.preferred = endpoint } }

  func noteUnreachable(_ endpoint: ExternalEndpoint, at now: MonotonicTime) {
    state.withLock { state in
      if state.unreachable.count >= ExternalAgentMemory.endpointsMax { state.unreachable = [:] }
      state.unreachable[endpoint] = now + ExternalAgentMemory.unreachableTime
    }
  }

  func noteReachable(_ endpoint: ExternalEndpoint) {
    state.withLock { state in if !state.unreachable.isEmpty { state.unreachable[endpoint] = nil } }
  }

  func noteStreamless(_ endpoint: ExternalEndpoint) {
    state.withLock { state in
      if state.streamless.count < ExternalAgentMemory.endpointsMax { state.streamless.insert(endpoint) }
    }
  }

  /// What probes have found takes the place of what earlier ones have; what calls have shown stays.
  func noteProbed(streamless: Set<ExternalEndpoint>) { state.withLock { $0.probedStreamless = streamless } }

  func isStreamless(_ endpoint: ExternalEndpoint) -> Bool {
    state.withLock { $0.streamless.contains(endpoint) || $0.probedStreamless.contains(endpoint) }
  }

  func subscribeMethod(at endpoint: ExternalEndpoint) -> HTTPMethod? {
    state.withLock { $0.subscribeMethod[endpoint] }
  }

  func noteSubscribeMethod(_ method: HTTPMethod, at endpoint: ExternalEndpoint) {
    state.withLock { state in
      if state.subscribeMethod.count < ExternalAgentMemory.endpointsMax { state.subscribeMethod[endpoint] = method }
    }
  }

  // MARK: Contexts

  /// The agent's name of a principal's context, where an answer without a task gave it.
  func contextID(_ contextID: String, of principal: String) -> String? {
    state.withLock { $0.contexts["\(principal)\n\(contextID)"] }
  }

  /// Remembers the agent's name of a context; of many, the oldest is forgotten.
  func noteContextID(_ agents: String, for contextID: String, of principal: String) {
    let key = "\(principal)\n\(contextID)"
    state.withLock { state in
      if state.contexts.updateValue(agents, forKey: key) != nil { return }
      if state.contextOrder.count < ExternalAgentMemory.contextsMax {
        state.contextOrder.append(key)
      } else {
        state.contexts[state.contextOrder[state.nextContext]] = nil
        state.contextOrder[state.nextContext] = key
        state.nextContext = (state.nextContext + 1) % ExternalAgentMemory.contextsMax
      }
    }
  }
}
