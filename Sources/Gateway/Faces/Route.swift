internal import Bytes
internal import Configuration
internal import HTTP
internal import Orq

/// Where a request goes, by its method and path alone; decided before any body is read.
enum Route: Equatable {
  /// The agent's card; nil stands for the default agent.
  case card(agentKey: String?)
  /// JSON-RPC on the agent's own URL.
  case jsonRPC(agentKey: String?)
  /// A REST path below the agent's URL, with its first slash, still percent-encoded.
  case rest(agentKey: String?, path: String)
  case catalogue
  /// The keys that cards are signed with.
  case keySet
  /// Below `/v2/agents`, where the listener has the Orq face.
  case orq(OrqRoute.Match)
  /// The path exists, the method does not.
  case methodNotAllowed(allow: String)
  case notFound

  /// - Parameter faces: of the listener.
  init(method: HTTPMethod, path: String, faces: Set<ListenerConfiguration.Face> = [.a2a]) {
    self.init(method: method, path: path, hasA2A: faces.contains(.a2a), hasOrq: faces.contains(.orq))
  }

  init(method: HTTPMethod, path: String, hasA2A: Bool, hasOrq: Bool) {
    if hasOrq, Route.isOrqs(path.utf8Span.span) {
      self = .orq(OrqRoute.match(method: method == .head ? .get : method, path: path))
    } else if hasA2A {
      self.init(a2a: method, path: path)
    } else {
      self = .notFound
    }
  }

  private static func isOrqs(_ path: Span<UInt8>) -> Bool {
    let base: StaticString = "/v2/agents"
    let length = base.utf8CodeUnitCount
    return path.matches(base) && (path.count == length || path[length] == UInt8(ascii: "/"))
  }

  private init(a2a method: HTTPMethod, path: String) {
    var segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    if segments.last?.isEmpty == true { segments.removeLast() }
    switch segments.first {
    case ".well-known" where path == KeySetFace.path: self = Route.reading(method, .keySet)
    case "agents":
      guard segments.count > 1 else {
        self = Route.reading(method, .catalogue)
        return
      }
      guard let key = PercentEncoding.decodePath(String(segments[1])), !key.isEmpty else {
        self = .notFound
        return
      }
      self.init(method: method, agentKey: key, segments: Array(segments[2...]))
    default: self.init(method: method, agentKey: nil, segments: segments)
    }
  }

  /// Where the key of an agent begins in a path that is its own URL, written as nearly everybody writes it: such a key stands
  /// there as it is, if there is an agent of that key.
  static func startOfPlainKey(_ path: Span<UInt8>) -> Int? {
    let agents: StaticString = "/agents/"
    return path.matches(agents) ? agents.utf8CodeUnitCount : nil
  }

  private init(method: HTTPMethod, agentKey: String?, segments: [Substring]) {
    switch segments {
    case []: self = method == .post ? .jsonRPC(agentKey: agentKey) : .methodNotAllowed(allow: "POST")
    case [".well-known", "agent-card.json"], [".well-known", "agent.json"]:
      self = Route.reading(method, .card(agentKey: agentKey))
    case ["card"] where agentKey != nil: self = Route.reading(method, .card(agentKey: agentKey))
    default: self = .rest(agentKey: agentKey, path: "/" + segments.joined(separator: "/"))
    }
  }

  private static func reading(_ method: HTTPMethod, _ route: Route) -> Route {
    method == .get || method == .head ? route : .methodNotAllowed(allow: "GET, HEAD")
  }
}
