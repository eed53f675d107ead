import HTTP
import Testing

@testable import Orq

struct RouteTests {
  /// Each operation with a path of its own (contract §3, §5).
  static let table: [(OrqRoute, String)] = [
    (OrqRoute(.createAgent), "/v2/agents"), (OrqRoute(.listAgents), "/v2/agents"),
    (OrqRoute(.retrieveAgent, agentKey: "a1"), "/v2/agents/a1"),
    (OrqRoute(.updateAgent, agentKey: "a1"), "/v2/agents/a1"),
    (OrqRoute(.deleteAgent, agentKey: "a1"), "/v2/agents/a1"),
    (OrqRoute(.invoke, agentKey: "a1"), "/v2/agents/a1/task"),
    (OrqRoute(.streamTask, agentKey: "a1"), "/v2/agents/a1/stream-task"), (OrqRoute(.run), "/v2/agents/run"),
    (OrqRoute(.streamRun), "/v2/agents/stream-run"),
    (OrqRoute(.createResponse, agentKey: "a1"), "/v2/agents/a1/responses"),
    (OrqRoute(.getResponse, agentKey: "a1", taskID: "01T"), "/v2/agents/a1/responses/01T"),
    (OrqRoute(.listTasks, agentKey: "a1"), "/v2/agents/a1/tasks"),
    (OrqRoute(.retrieveTask, agentKey: "a1", taskID: "01T"), "/v2/agents/a1/tasks/01T"),
    (OrqRoute(.listActions, agentKey: "a1", taskID: "01T"), "/v2/agents/a1/tasks/01T/actions"),
    (
      OrqRoute(.retrieveAction, agentKey: "a1", taskID: "01T", actionID: "act1"),
      "/v2/agents/a1/tasks/01T/actions/act1"
    ),
    (OrqRoute(.registerExternal), "/v2/agents/a2a"),
    (OrqRoute(.refreshCard, agentKey: "ext"), "/v2/agents/ext/card/refresh"),
    (OrqRoute(.listExternal), "/v2/agents/external"), (OrqRoute(.createExternal), "/v2/agents/external"),
    (OrqRoute(.retrieveExternal, agentKey: "k"), "/v2/agents/external/k"),
    (OrqRoute(.updateExternal, agentKey: "k"), "/v2/agents/external/k"),
    (OrqRoute(.deleteExternal, agentKey: "k"), "/v2/agents/external/k"),
    (OrqRoute(.refreshExternalCard, agentKey: "k"), "/v2/agents/external/k:refreshCard"),
    (OrqRoute(.testExternalConnection, agentKey: "k"), "/v2/agents/external/k:testConnection"),
  ]

  @Test func everyOperationHasAPath() {
    #expect(RouteTests.table.map(\.0.operation) == OrqOperation.allCases)
  }

  @Test(arguments: table)
  func pathsAreWrittenAndMatchedAlike(route: OrqRoute, path: String) {
    #expect(route.path(for: .v4) == path)
    for variant in [path, path + "/", route.path(for: .v3)] {
      #expect(OrqRoute.match(method: route.operation.method, path: variant) == .route(route), "\(variant)")
    }
  }

  /// 3.x writes a slash behind the path of all agents, and nowhere else.
  @Test func onlyTheListOfAgentsHasASlashIn3() {
    for (route, path) in RouteTests.table {
      let isList = route.operation == .createAgent || route.operation == .listAgents
      #expect(route.path(for: .v3) == (isList ? path + "/" : path))
    }
  }

  @Test func idsAreEncodedAndDecoded() {
    let route = OrqRoute(.getResponse, agentKey: "a b", taskID: "50%")
    #expect(route.path(for: .v4) == "/v2/agents/a%20b/responses/50%25")
    #expect(OrqRoute.match(method: .get, path: "/v2/agents/a%20b/responses/50%25") == .route(route))
    #expect(
      OrqRoute.match(method: .post, path: "/v2/agents/external/k%3ArefreshCard")
        == .route(OrqRoute(.refreshExternalCard, agentKey: "k")))
  }

  @Test func aVersionOfAnAgentIsNamedBehindItsKey() {
    let route = OrqRoute(.invoke, agentKey: "a1@1.2.0")
    #expect(route.path(for: .v4) == "/v2/agents/a1@1.2.0/task")
    #expect(OrqRoute.match(method: .post, path: "/v2/agents/a1%401.2.0/task") == .route(route))
    #expect(route.agent == OrqAgentReference(key: "a1", version: "1.2.0"))
    #expect(OrqAgentReference("a1@latest") == OrqAgentReference(key: "a1"))
    #expect(OrqAgentReference("a1@") == OrqAgentReference(key: "a1", version: ""))
    #expect(OrqAgentReference("a1@b@c").text == "a1@b@c")
    #expect(OrqRoute(.run).agent == nil)
  }

  /// Names of operations are keys as well, for the methods that the operations do not have.
  @Test(arguments: ["run", "stream-run", "a2a"])
  func anAgentMayBeCalledLikeAnOperation(key: String) {
    #expect(
      OrqRoute.match(method: .get, path: "/v2/agents/" + key) == .route(OrqRoute(.retrieveAgent, agentKey: key)))
    #expect(
      OrqRoute.match(method: .post, path: "/v2/agents/\(key)/task") == .route(OrqRoute(.invoke, agentKey: key)))
  }

  @Test(arguments: [
    ("/v2/agents", "GET, POST"), ("/v2/agents/a1", "GET, PATCH, DELETE"),
    ("/v2/agents/run", "POST, GET, PATCH, DELETE"),
    ("/v2/agents/a1/task", "POST"), ("/v2/agents/a1/tasks/01T", "GET"), ("/v2/agents/external", "GET, POST"),
  ])
  func otherMethodsAreNamedAsNotAllowed(path: String, allow: String) {
    #expect(OrqRoute.match(method: .put, path: path) == .methodNotAllowed(allow: allow))
  }

  @Test(arguments: [
    "", "/", "/v2", "/v2/agent", "/v2/agentsx", "/v2/agents//", "/v2/agents//task", "/v2/agents/a1//", "/v2/agents/a/b",
    "/v2/agents/a%2Fb", "/v2/agents/%00", "/v2/agents/%ff", "/v2/agents/a%2", "/v2/agents/a1/tasks/1/actions/2/3",
    "/v2/agents/a1/tasks/1/review", "/v2/agents/a1/card", "/v2/agents/external/:refreshCard", "/v3/agents",
    "/v2/agents/..", "/v2/agents/%2e%2E/task", "/v2/agents/a1/tasks/1/actions/..", "/v2/agents/a1/responses/.",
  ])
  func otherPathsDoNotExist(path: String) {
    for method in [HTTPMethod.get, .post, .delete] {
      #expect(OrqRoute.match(method: method, path: path) == .none)
    }
  }

  @Test func aPathWithAnEndlessNameDoesNotExist() {
    let name = String(repeating: "a", count: OrqLimits.identifierBytesMax + 1)
    #expect(OrqRoute.match(method: .get, path: "/v2/agents/" + name) == .none)
  }

  /// The SDKs take no other status than the declared one.
  @Test func successHasOneStatus() {
    let others = OrqOperation.allCases.filter { $0.successStatus != 200 }
    #expect(others == [.createAgent, .deleteAgent, .registerExternal])
    #expect(others.map(\.successStatus) == [201, 204, 201])
  }
}

struct ListQueryTests {
  @Test(arguments: [
    ("limit=10.0", OrqListQuery(limit: 10)), ("limit=1e2", OrqListQuery(limit: 100)), ("", OrqListQuery()),
    ("limit=&starting_after=", OrqListQuery()),
    (
      "limit=5.0&starting_after=X&ending_before=Y%20Z&other=1",
      OrqListQuery(limit: 5, startingAfter: "X", endingBefore: "Y Z")
    ),
    ("type=a2a", OrqListQuery(kind: .a2a)), ("status=approval_required", OrqListQuery(statuses: [.approvalRequired])),
    ("status=inactive,errored", OrqListQuery(statuses: [.inactive, .errored])),
    ("status=errored%2C+in_progress,", OrqListQuery(statuses: [.errored, .inProgress])),
  ])
  func queriesAreRead(query: String, expected: OrqListQuery) throws {
    let parameters = try #require(QueryParameters(query))
    #expect(try OrqListQuery(parameters) == expected)
    let again = try #require(QueryParameters(expected.text ?? ""))
    #expect(try OrqListQuery(again) == expected)
  }

  @Test(arguments: [
    ("limit=0", "limit"), ("limit=201", "limit"), ("limit=1.5", "limit"), ("limit=ten", "limit"), ("limit=-1", "limit"),
    ("type=b", "type"), ("status=done,errored", "status"),
    ("starting_after=" + String(repeating: "x", count: 257), "starting_after"),
  ])
  func faultyQueriesAreRefused(query: String, field: String) throws {
    let parameters = try #require(QueryParameters(query))
    let fault = #expect(throws: OrqFault.self) { try OrqListQuery(parameters) }
    #expect(fault?.violations.map(\.field) == [field])
  }
}
