import JSON
import Testing

@testable import Orq

/// Bodies that register and change external agents (contracts/orq.md §3.5, §5), as the SDKs of 4.8 and 4.17 send them.
struct ExternalRequestTests {
  private static let registration = OrqExternalRegistration(
    key: "ext", displayName: "External", description: "Elsewhere.", path: "Default/agents",
    agentURL: "https://example.com/agent", cardURL: "https://example.com/agent/card.json",
    headers: [OrqExternalHeader(name: "Authorization", value: "Bearer x", isEncrypted: true)])

  private static let registrationJSON =
    #"{"key":"ext","display_name":"External","description":"Elsewhere.","path":"Default/agents","agent_url":"https://example.com/agent","card_url":"https://example.com/agent/card.json","headers":{"Authorization":{"value":"Bearer x","encrypted":true}}}"#

  @Test func aRegistrationIsReadAndWritten() throws {
    #expect(text(Self.registration.encoded(for: .v4)) == Self.registrationJSON)
    #expect(try OrqExternalRegistration.decode(Array(Self.registrationJSON.utf8)) == Self.registration)
    // 4.17 wants no description and knows two members more.
    let newer = try OrqExternalRegistration.decode(
      Array(
        #"{"key":"k","display_name":"n","path":"p","agent_url":"https://a","protocol_version":"1.0","preferred_transport":"JSONRPC","project_id":"x"}"#
          .utf8))
    #expect(newer.protocolVersion == "1.0")
    #expect(newer.preferredTransport == "JSONRPC")
    #expect(newer.headers == [])
  }

  @Test func whatARegistrationLacksIsListedAtOnce() {
    #expect(faults(OrqExternalRegistration.self, "{}") == ["key", "display_name", "path", "agent_url"])
    #expect(
      faults(
        OrqExternalRegistration.self,
        #"{"key":"k","display_name":"","path":"p","agent_url":"https://a","card_url":"https://a","headers":[]}"#)
        == ["display_name", "headers", "card_url"])
  }

  @Test func headersAreBounded() {
    func body(_ headers: String) -> String {
      #"{"key":"k","display_name":"n","path":"p","agent_url":"https://a","headers":{\#(headers)}}"#
    }
    let many = (0...20).map { #""H\#($0)":{"value":"v"}"# }.joined(separator: ",")
    #expect(faults(OrqExternalRegistration.self, body(many)) == ["headers"])
    #expect(
      faults(OrqExternalRegistration.self, body(#""H":{"value":"\#(String(repeating: "v", count: 2049))"}"#)).count == 1
    )
    #expect(faults(OrqExternalRegistration.self, body(#""H":"v""#)).count == 1)
    #expect(faults(OrqExternalRegistration.self, body(#""H":{"value":1}"#)).count == 1)
  }

  @Test(
    arguments: [
      (.bearer(token: "t"), #"{"type":"bearer","token":"t"}"#),
      (
        .apiKey(name: "X-K", location: .query, value: "v"),
        #"{"type":"api_key","name":"X-K","in":"query","value":"v"}"#
      ),
      (.basic(user: "u", password: ""), #"{"type":"basic","user":"u","password":""}"#),
      (
        .oauth2(.init(tokenURL: "https://t", clientID: "c", secret: "s", scopes: ["a"], audience: "b")),
        #"{"type":"oauth2","token_url":"https://t","client_id":"c","client_secret":"s","scopes":["a"],"audience":"b"}"#
      ),
      (.mutualTLS, #"{"type":"mtls"}"#),
    ] as [(OrqExternalCredentials, String)])
  func credentialsAreReadAndWritten(credentials: OrqExternalCredentials, json: String) throws {
    #expect(try OrqExternalCredentials.decode(Array(json.utf8)) == credentials)
    var registration = Self.registration
    registration.credentials = credentials
    let whole = text(registration.encoded(for: .v4))
    #expect(whole.contains(#""credentials":"# + json))
    #expect(try OrqExternalRegistration.decode(Array(whole.utf8)) == registration)
    let update = OrqExternalUpdate(credentials: credentials)
    #expect(try OrqExternalUpdate.decode(update.encoded(for: .v4)) == update)
  }

  @Test func credentialsAreBounded() {
    let long = String(repeating: "s", count: OrqLimits.secretBytesMax + 1)
    let scopes = Array(repeating: #""a""#, count: OrqLimits.scopesMax + 1).joined(separator: ",")
    for (body, field) in [
      (#"{"type":"bearer","token":"\#(long)"}"#, "token"), (#"{"type":"bearer"}"#, "token"), (#"{}"#, "type"),
      (
        #"{"type":"oauth2","token_url":"https://t","client_id":"c","client_secret":"s","scopes":[\#(scopes)]}"#,
        "scopes"
      ), (#"{"type":"api_key","name":"","value":"v"}"#, "name"),
    ] {
      #expect(faults(OrqExternalCredentials.self, body) == [field])
    }
    #expect(
      faults(OrqExternalUpdate.self, #"{"credentials":{"type":"mtls"},"clear_credentials":true}"#)
        == ["clear_credentials"])
  }

  @Test func anUpdateIsReadInBothForms() throws {
    let nested =
      #"{"display_name":"New","a2a":{"agent_url":"https://b","headers":{"X":{"value":"","encrypted":false}}},"versionIncrement":"major"}"#
    let update = try OrqExternalUpdate.decode(Array(nested.utf8))
    #expect(
      update
        == OrqExternalUpdate(
          displayName: "New", agentURL: "https://b", headers: [OrqExternalHeader(name: "X", value: "")]))
    let flat = try OrqExternalUpdate.decode(Array(#"{"agent_url":"https://b","clear_headers":true}"#.utf8))
    #expect(flat == OrqExternalUpdate(agentURL: "https://b", clearsHeaders: true))
    #expect(try OrqExternalUpdate.decode(update.encoded(for: .v4)) == update)
    #expect(faults(OrqExternalUpdate.self, #"{"a2a":1}"#) == ["a2a"])
    #expect(faults(OrqExternalUpdate.self, #"{"a2a":{"headers":{},"clear_headers":true}}"#) == ["a2a.clear_headers"])
    #expect(faults(OrqExternalUpdate.self, #"{"display_name":""}"#) == ["display_name"])
  }
}
