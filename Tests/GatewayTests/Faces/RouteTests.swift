import HTTP
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
  ("/agents", .get, .catalogue),
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
