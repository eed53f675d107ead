import Configuration
import HTTP
import Orq
import Testing

@testable import Gateway

@Test(arguments: [
  ("/agents/echo", HTTPMethod.post, Route.jsonRPC(agentKey: "echo")),
  ("/agents/echo/", .post, .jsonRPC(agentKey: "echo")),
  ("/", .post, .jsonRPC(agentKey: nil)),
  ("/agents/echo", .get, .methodNotAllowed(allow: "POST")),
  ("/agents/echo/.well-known/agent-card.json", .get, .card(agentKey: "echo")),
  ("/agents/echo/.well-known/agent.json", .head, .card(agentKey: "echo")),
  ("/agents/echo/card", .get, .card(agentKey: "echo")),
  ("/agents/echo/card", .post, .methodNotAllowed(allow: "GET, HEAD")),
  ("/.well-known/agent-card.json", .get, .card(agentKey: nil)),
  ("/agents", .get, .catalogue), ("/.well-known/jwks.json", .head, .keySet),
  ("/.well-known/jwks.json", .post, .methodNotAllowed(allow: "GET, HEAD")),
  ("/agents/", .get, .catalogue),
  ("/agents/echo/message:send", .post, .rest(agentKey: "echo", path: "/message:send")),
  ("/agents/echo/v1/card", .get, .rest(agentKey: "echo", path: "/v1/card")),
  ("/agents/echo/tasks/a%3Acancel", .post, .rest(agentKey: "echo", path: "/tasks/a%3Acancel")),
  ("/message:stream", .post, .rest(agentKey: nil, path: "/message:stream")),
  ("/agents/release%2Dnotes", .post, .jsonRPC(agentKey: "release-notes")),
  ("/agents/%00", .post, .notFound),
  ("/agents//", .post, .notFound),
])
func aPathLeadsToItsPlace(_ path: String, _ method: HTTPMethod, _ route: Route) {
  #expect(Route(method: method, path: path) == route)
}

@Test(arguments: [
  ("/v2/agents", HTTPMethod.get, OrqRoute.Match.route(OrqRoute(.listAgents))),
  ("/v2/agents/", .head, .route(OrqRoute(.listAgents))),
  ("/v2/agents/echo/task", .post, .route(OrqRoute(.invoke, agentKey: "echo"))),
  ("/v2/agents/echo/task", .get, .methodNotAllowed(allow: "POST")),
  ("/v2/agents/echo/nothing", .get, .none),
])
func aListenerWithTheOrqFaceServesTheOrqPaths(_ path: String, _ method: HTTPMethod, _ match: OrqRoute.Match) {
  #expect(Route(method: method, path: path, faces: [.a2a, .orq]) == .orq(match))
  #expect(Route(method: method, path: path, faces: [.orq]) == .orq(match))
  #expect(Route(method: method, path: path, faces: [.a2a]) != .orq(match))
}

@Test func aListenerServesNothingBeyondItsFaces() {
  #expect(Route(method: .post, path: "/agents/echo", faces: [.orq]) == .notFound)
  #expect(Route(method: .get, path: "/agents", faces: [.orq]) == .notFound)
  #expect(Route(method: .get, path: "/v2/agentsx", faces: [.orq]) == .notFound)
}
