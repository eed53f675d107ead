import HTTP
import Model
import Testing

@testable import A2A

struct RESTRouteTests {
  private func route(
    _ operation: AgentOperation, task: String? = nil, config: String? = nil, _ version: ProtocolVersion = .v1_0,
    tenant: String? = nil
  ) -> RESTRoute.Match {
    .route(RESTRoute(operation: operation, taskID: task, configID: config, version: version, tenant: tenant))
  }

  @Test func pathsOf10() {
    #expect(RESTRoute.match(method: .post, path: "/message:send") == route(.sendMessage))
    #expect(RESTRoute.match(method: .post, path: "/message%3Asend") == route(.sendMessage))
    #expect(RESTRoute.match(method: .post, path: "/message%3astream") == route(.sendStreamingMessage))
    #expect(RESTRoute.match(method: .get, path: "/tasks") == route(.listTasks))
    #expect(RESTRoute.match(method: .get, path: "/tasks/t1") == route(.getTask, task: "t1"))
    #expect(RESTRoute.match(method: .get, path: "/tasks/a%20b%2Fc") == route(.getTask, task: "a b/c"))
    #expect(RESTRoute.match(method: .post, path: "/tasks/t1:cancel") == route(.cancelTask, task: "t1"))
    #expect(RESTRoute.match(method: .post, path: "/tasks/t1%3Acancel") == route(.cancelTask, task: "t1"))
    #expect(RESTRoute.match(method: .get, path: "/extendedAgentCard") == route(.getExtendedAgentCard))
  }

  @Test(arguments: [HTTPMethod.get, .post])
  func subscribeIsAcceptedAsGetAndAsPost(method: HTTPMethod) {
    #expect(RESTRoute.match(method: method, path: "/tasks/t:subscribe") == route(.subscribeToTask, task: "t"))
    #expect(
      RESTRoute.match(method: method, path: "/v1/tasks/t:subscribe") == route(.subscribeToTask, task: "t", .v0_3))
  }

  @Test func pushConfigurations() {
    let base = "/tasks/t/pushNotificationConfigs"
    #expect(RESTRoute.match(method: .post, path: base) == route(.createPushConfig, task: "t"))
    #expect(RESTRoute.match(method: .get, path: base) == route(.listPushConfigs, task: "t"))
    #expect(RESTRoute.match(method: .get, path: base + "/c") == route(.getPushConfig, task: "t", config: "c"))
    #expect(RESTRoute.match(method: .delete, path: base + "/c") == route(.deletePushConfig, task: "t", config: "c"))
  }

  @Test func pathsOf03() {
    #expect(RESTRoute.match(method: .post, path: "/v1/message:send") == route(.sendMessage, .v0_3))
    #expect(RESTRoute.match(method: .get, path: "/v1/tasks/t") == route(.getTask, task: "t", .v0_3))
    #expect(RESTRoute.match(method: .get, path: "/v1/card") == route(.getExtendedAgentCard, .v0_3))
    #expect(RESTRoute.match(method: .get, path: "/v1/extendedAgentCard") == .none)
  }

  @Test func aTenantMayStandInFrontOf10Only() {
    #expect(RESTRoute.match(method: .post, path: "/acme/message:send") == route(.sendMessage, tenant: "acme"))
    #expect(RESTRoute.match(method: .get, path: "/acme/tasks/t") == route(.getTask, task: "t", tenant: "acme"))
    // Both readings are possible: the one without a tenant is the specified path.
    #expect(RESTRoute.match(method: .get, path: "/tasks/tasks") == route(.getTask, task: "tasks"))
    #expect(RESTRoute.match(method: .get, path: "/v1/acme/tasks/t") == .none)
  }

  @Test(arguments: [
    (HTTPMethod.get, "/message:send", "POST"), (.put, "/tasks/t", "GET"), (.delete, "/tasks/t:subscribe", "GET, POST"),
    (.patch, "/tasks/t/pushNotificationConfigs/c", "GET, DELETE"), (.get, "/tasks/t:cancel", "POST"),
    (.get, "/acme/message:stream", "POST"),
  ])
  func otherMethodsOfKnownPathsAreNotAllowed(method: HTTPMethod, path: String, allow: String) {
    #expect(RESTRoute.match(method: method, path: path) == .methodNotAllowed(allow: allow, version: .v1_0))
    #expect(
      path.hasPrefix("/acme")
        || RESTRoute.match(method: method, path: "/v1" + path) == .methodNotAllowed(allow: allow, version: .v0_3))
  }

  @Test(arguments: [
    "", "/", "tasks", "//tasks", "/tasks/", "/tasks//x", "/tasks/%zz", "/tasks/%00", "/tasks/%ff", "/message",
    "/tasks/t/pushNotificationConfigs/", "/a/b/c/d/e/f/g/h", "/v1", "/v1/", "/a/b/message:send", "/tasks/t/x",
  ])
  func otherPathsAreNone(path: String) {
    #expect(RESTRoute.match(method: .get, path: path) == .none)
  }

  @Test func aVerbWithNothingBeforeItIsATaskID() {
    #expect(RESTRoute.match(method: .get, path: "/tasks/:cancel") == route(.getTask, task: ":cancel"))
  }
}
