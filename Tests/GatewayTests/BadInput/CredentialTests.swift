import TestSupport
import Testing

private let alice = TestGateway.keys["alice"] ?? ""
private let bob = TestGateway.keys["bob"] ?? ""

/// Two keys in one request are two callers, and whoever looked at it before may have taken it for the other one's.
@Test(arguments: [
  [("Authorization", "Bearer \(alice)"), ("Authorization", "Bearer \(bob)")],
  [("Authorization", "Bearer \(alice)"), ("Authorization", "Bearer \(alice)")],
  [("Authorization", "Bearer wrong"), ("authorization", "Bearer \(alice)")],
  [("X-API-Key", alice), ("X-Api-Key", bob)],
  [("Authorization", "Bearer \(alice)"), ("X-API-Key", bob)],
  [("Authorization", "Bearer wrong"), ("X-API-Key", alice)],
  [("Authorization", "Basic YTpi"), ("X-API-Key", alice)],
  [("Authorization", "Bearer \(alice), Bearer \(bob)")],
  [("Authorization", "Bearer\t\(alice)")],
  [("Authorization", "Bearer \"\(alice)\"")],
  [("Authorization", alice)],
  [("X-API-Key", "Bearer \(alice)")],
])
func aRequestWithMoreThanOneKeyOrAnUnknownFormIsRefused(_ fields: [(String, String)]) throws {
  let gateway = try TestGateway(.echo, needsKey: true)
  let response = try gateway.caller("echo").request("POST", "", fields, body: [])
  #expect(response.status == 401)
  #expect(response.field("www-authenticate")?.hasPrefix("Bearer ") == true)
  for key in [alice, bob] { #expect(!response.text.contains(key)) }
}

@Test func theSameKeyInBothHeadersIsOneKey() throws {
  let gateway = try TestGateway(.echo, needsKey: true)
  let fields = [("Authorization", "Bearer \(alice)"), ("X-API-Key", alice)]
  #expect(try gateway.caller("echo").call(.rpc10, .send(), fields).task.state == "completed")
}

@Test func aWrongKeyIsNoAnonymousCaller() throws {
  let gateway = try TestGateway(.echo)
  let fields = [("Authorization", "Bearer wrong")]
  #expect(try gateway.caller("echo").request("POST", "", fields, body: []).status == 401)
}
