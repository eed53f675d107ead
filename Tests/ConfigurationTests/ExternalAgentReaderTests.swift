import JSON
import Testing

@testable import Configuration

/// A2A agents elsewhere, in card files.
@Suite struct ExternalAgentReaderTests {
  private func agent(_ members: String) throws -> ExternalAgentConfiguration? {
    let workspace = try Workspace()
    for file in ["ca.pem", "client.pem", "client.key", "partner.pem"] { try workspace.write(file, "text") }
    try workspace.write("cards/agent.json", #"{ "gateway": { "backend": { "type": "a2a", \#(members) } } }"#)
    let result = ConfigurationLoader.loadCard(file: workspace.folder + "/cards/agent.json")
    #expect(Workspace.describe(result.diagnostics) == [])
    guard case .a2a(let agent)? = result.card?.backend else { return nil }
    return agent
  }

  private func faults(_ members: String) throws -> [String] {
    try Workspace().cardFaults("{ \"gateway\": { \"backend\": { \"type\": \"a2a\",\n\(members)\n} } }")
  }

  @Test func anAgentNeedsAnAddress() throws {
    #expect(
      try agent(#""agent_url": "https://a.example/agent//""#)
        == ExternalAgentConfiguration(agentURL: "https://a.example/agent"))
    #expect(
      try agent(#""card_url": "https://a.example/card?x=1""#)
        == ExternalAgentConfiguration(cardURL: "https://a.example/card?x=1"))
  }

  @Test func everythingIsRead() throws {
    let agent = try #require(
      try agent(
        """
        "agent_url": "https://a.example", "card_url": "https://b.example/card.json",
        "headers": { "X-Tenant": "t", "X-Secret": { "env": "S" } },
        "credentials": { "type": "bearer", "token": { "env": "T" } },
        "interface": { "binding": "HTTP+JSON", "version": "0.3" }, "ca_file": "../ca.pem", "refresh": "1h",
        "drift": "auto", "signatures": "require", "trusted_keys": ["../partner.pem"]
        """))
    #expect(agent.agentURL == "https://a.example")
    #expect(agent.cardURL == "https://b.example/card.json")
    #expect(agent.headers.map(\.name) == ["X-Tenant", "X-Secret"])
    #expect(agent.credentials == .bearer(.secret(.environment("T"))))
    #expect(agent.pin == ExternalAgentConfiguration.Pin(binding: "HTTP+JSON", version: "0.3"))
    #expect(agent.authorityFile?.hasSuffix("/cards/../ca.pem") == true)
    #expect(agent.refresh == .seconds(3600))
    #expect(agent.drift == .auto)
    #expect(agent.signatures == .require)
    #expect(agent.trustedKeyFiles.count == 1)
  }

  @Test func everyKindOfCredentialsIsRead() throws {
    func credentials(_ text: String) throws -> ExternalCredentials? {
      try agent(#""agent_url": "https://a.example", "credentials": \#(text)"#)?.credentials
    }
    let secret = TextOrSecret.secret(.environment("S"))
    #expect(
      try credentials(#"{ "type": "api_key", "name": "X-Key", "value": { "env": "S" } }"#)
        == .apiKey(name: "X-Key", location: .header, value: secret))
    #expect(
      try credentials(#"{ "type": "api_key", "name": "key", "in": "query", "value": { "env": "S" } }"#)
        == .apiKey(name: "key", location: .query, value: secret))
    #expect(
      try credentials(#"{ "type": "basic", "user": "u", "password": { "env": "S" } }"#)
        == .basic(user: "u", password: secret))
    #expect(
      try credentials(
        """
        { "type": "oauth2", "token_url": "https://l.example/token", "client_id": "c", "client_secret": { "env": "S" },
          "scopes": ["a", "b"], "audience": "x" }
        """)
        == .oauth2(
          ExternalCredentials.ClientCredentials(
            tokenURL: "https://l.example/token", clientID: "c", clientSecret: secret, scopes: ["a", "b"],
            audience: "x")))
    guard
      case .mutualTLS(let certificate, .file(let key))? = try credentials(
        #"{ "type": "mtls", "certificate": "../client.pem", "key": { "file": "../client.key" } }"#)
    else {
      Issue.record("no certificate")
      return
    }
    #expect(certificate.hasSuffix("client.pem") && key.hasSuffix("client.key"))
  }

  private static let place = #""agent_url": "https://a.example""#

  @Test(arguments: [
    ("\"refresh\": \"1h\"", ["1:27 error: \"agent_url\" or \"card_url\" is missing"]),
    (#""agent_url": "ftp://a""#, ["2:14 error: \"agent_url\" must begin with https:// or http://"]),
    (#""agent_url": "https://a/?x""#, ["2:14 error: \"agent_url\" must be the agent's address, without a query"]),
    (#""agent_url": "http://a.example""#, ["2:1 warning: all messages travel in the clear"]),
    (
      #""agent_url": "http://a.example", "headers": { "X": { "env": "S" } }"#,
      ["2:1 warning: the credentials and all messages travel in the clear"]
    ),
    (place + #", "headers": { "A2A-Version": "1.0" }"#, ["2:48 error: \"A2A-Version\" is the gateway's to say"]),
    (
      place + #", "credentials": { "type": "bearer", "token": "sk-1" }"#,
      ["2:79 error: \"token\" must say where the secret is; it must not be the secret"]
    ),
    (
      place + #", "credentials": { "type": "baerer", "token": { "env": "S" } }"#,
      ["2:60 error: there are no credentials \"baerer\"; did you mean \"bearer\"?"]
    ),
    (place + #", "credentials": { "type": "bearer" }"#, ["2:50 error: \"token\" is missing"]),
    (
      place + #", "credentials": { "type": "basic", "user": "a:b", "password": { "env": "S" } }"#,
      ["2:77 error: \"user\" must not hold a colon"]
    ),
    (
      place + #", "credentials": { "type": "api_key", "name": "a b", "in": "body", "value": { "env": "S" } }"#,
      [
        "2:79 error: \"a b\" cannot be the name of a header field",
        "2:92 error: \"in\" cannot be \"body\"",
      ]
    ),
    (
      place + #", "credentials": { "type": "oauth2", "client_id": "c", "client_secret": { "env": "S" } }"#,
      ["2:50 error: \"token_url\" is missing"]
    ),
    (
      place + #", "credentials": { "type": "mtls", "certificate": "none.pem", "key": { "env": "S" } }"#,
      ["2:68 error: "]
    ),
    (place + #", "interface": { "binding": "GRPC" }"#, ["2:61 error: \"binding\" cannot be \"GRPC\""]),
    (place + #", "interface": { "version": "1.1" }"#, ["2:61 error: \"version\" cannot be \"1.1\""]),
    (place + #", "signatures": "require""#, ["2:35 error: no signature can be trusted without \"trusted_keys\""]),
    (place + #", "refresh": "1s""#, ["2:46 error: \"refresh\" must be between 10s and 7d"]),
    (place + #", "agent_ulr": "x""#, ["2:35 error: unknown key \"agent_ulr\"; did you mean \"agent_url\"?"]),
  ])
  func faultsAreToldWithTheirPlace(_ members: String, _ expected: [String]) throws {
    let found = try faults(members)
    #expect(found.count == expected.count, "\(found)")
    for (line, wanted) in zip(found, expected) { #expect(line.hasPrefix(wanted), "\(found)") }
  }

  @Test func secretsAreLookedUp() throws {
    let workspace = try Workspace()
    try workspace.write(
      "cards/a.json",
      """
      { "gateway": { "backend": { "type": "a2a", "agent_url": "https://a.example",
        "headers": { "X": { "env": "NOT_SET_1" } },
        "credentials": { "type": "basic", "user": "u", "password": { "env": "NOT_SET_2" } } } } }
      """)
    let faults = try workspace.faults("{}")
    #expect(
      faults == [
        "error: the environment variable NOT_SET_1 is not set", "error: the environment variable NOT_SET_2 is not set",
      ])
  }
}
