import JSON
import Model
import Testing

@testable import A2A

/// One card as each form, and the forms read back. Both official SDKs read these texts.
struct AgentCardTests {
  private static let url = "https://gw.example/agents/echo"

  private static func card() throws -> AgentCard {
    AgentCard(
      name: "Echo", description: "Says it again.", version: "1.2.3",
      supportedInterfaces: [
        AgentInterface(url: url, protocolBinding: "JSONRPC", protocolVersion: "1.0"),
        AgentInterface(url: url, protocolBinding: "HTTP+JSON", protocolVersion: "1.0"),
        AgentInterface(url: url, protocolBinding: "JSONRPC", protocolVersion: "0.3"),
        AgentInterface(url: url, protocolBinding: "HTTP+JSON", protocolVersion: "0.3"),
      ],
      provider: AgentProvider(organization: "Example", url: "https://example.org"),
      capabilities: AgentCapabilities(
        streaming: true, pushNotifications: false, extendedAgentCard: true,
        extensions: [AgentExtension(uri: "https://example.org/ext", required: true, params: JSONFragment(["a": 1]))]),
      securitySchemes: [
        NamedSecurityScheme(name: "bearer", scheme: SecurityScheme(.http(scheme: "Bearer", bearerFormat: nil))),
        NamedSecurityScheme(
          name: "key", scheme: SecurityScheme(.apiKey(location: "header", name: "X-Key"), description: "A key")),
        NamedSecurityScheme(
          name: "oauth",
          scheme: SecurityScheme(
            .oauth2(
              flows: try fragment(
                #"{"authorizationCode":{"authorizationUrl":"https://a","tokenUrl":"https://t","scopes":{"s":"d"},"pkceRequired":true},"clientCredentials":{"tokenUrl":"https://t","scopes":{"s":"d"}}}"#
              ), metadataURL: nil))),
        NamedSecurityScheme(name: "mtls", scheme: SecurityScheme(.mutualTLS)),
      ],
      securityRequirements: [
        SecurityRequirement(schemes: [.init(name: "bearer")]),
        SecurityRequirement(schemes: [.init(name: "oauth", scopes: ["s"]), .init(name: "mtls")]),
      ],
      defaultInputModes: ["text/plain"], defaultOutputModes: ["text/plain"],
      skills: [
        AgentSkill(
          id: "echo", name: "Echo", description: "Says it again.", tags: ["talk"], examples: ["hello"],
          securityRequirements: [SecurityRequirement(schemes: [.init(name: "key")])])
      ])
  }

  private static let v1 = #"""
    {
      "name": "Echo", "description": "Says it again.", "version": "1.2.3",
      "supportedInterfaces": [
        {"url": "https://gw.example/agents/echo", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        {"url": "https://gw.example/agents/echo", "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"},
        {"url": "https://gw.example/agents/echo", "protocolBinding": "JSONRPC", "protocolVersion": "0.3"},
        {"url": "https://gw.example/agents/echo", "protocolBinding": "HTTP+JSON", "protocolVersion": "0.3"}
      ],
      "provider": {"organization": "Example", "url": "https://example.org"},
      "capabilities": {
        "streaming": true, "pushNotifications": false, "extendedAgentCard": true,
        "extensions": [{"uri": "https://example.org/ext", "required": true, "params": {"a": 1}}]
      },
      "securitySchemes": {
        "bearer": {"httpAuthSecurityScheme": {"scheme": "Bearer"}},
        "key": {"apiKeySecurityScheme": {"description": "A key", "location": "header", "name": "X-Key"}},
        "oauth": {"oauth2SecurityScheme": {"flows": {"authorizationCode": {
          "authorizationUrl": "https://a", "tokenUrl": "https://t", "scopes": {"s": "d"}, "pkceRequired": true}}}},
        "oauth_clientCredentials": {"oauth2SecurityScheme": {"flows": {"clientCredentials": {
          "tokenUrl": "https://t", "scopes": {"s": "d"}}}}},
        "mtls": {"mtlsSecurityScheme": {"description": "Mutual TLS"}}
      },
      "securityRequirements": [
        {"schemes": {"bearer": {"list": []}}},
        {"schemes": {"oauth": {"list": ["s"]}, "mtls": {"list": []}}},
        {"schemes": {"oauth_clientCredentials": {"list": ["s"]}, "mtls": {"list": []}}}
      ],
      "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"],
      "skills": [{
        "id": "echo", "name": "Echo", "description": "Says it again.", "tags": ["talk"], "examples": ["hello"],
        "securityRequirements": [{"schemes": {"key": {"list": []}}}]
      }]
    }
    """#

  private static let v03 = #"""
    {
      "name": "Echo", "description": "Says it again.", "version": "1.2.3",
      "url": "https://gw.example/agents/echo", "preferredTransport": "JSONRPC", "protocolVersion": "0.3.0",
      "additionalInterfaces": [
        {"url": "https://gw.example/agents/echo", "transport": "JSONRPC"},
        {"url": "https://gw.example/agents/echo", "transport": "HTTP+JSON"}
      ],
      "provider": {"organization": "Example", "url": "https://example.org"},
      "capabilities": {
        "streaming": true, "pushNotifications": false,
        "extensions": [{"uri": "https://example.org/ext", "required": true, "params": {"a": 1}}]
      },
      "supportsAuthenticatedExtendedCard": true,
      "securitySchemes": {
        "bearer": {"type": "http", "scheme": "Bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": "A key"},
        "oauth": {"type": "oauth2", "flows": {
          "authorizationCode": {"authorizationUrl": "https://a", "tokenUrl": "https://t", "scopes": {"s": "d"}},
          "clientCredentials": {"tokenUrl": "https://t", "scopes": {"s": "d"}}}},
        "mtls": {"type": "mutualTLS"}
      },
      "security": [{"bearer": []}, {"oauth": ["s"], "mtls": []}],
      "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"],
      "skills": [{
        "id": "echo", "name": "Echo", "description": "Says it again.", "tags": ["talk"], "examples": ["hello"],
        "security": [{"key": []}]
      }]
    }
    """#

  private static let superset = #"""
    {
      "name": "Echo", "description": "Says it again.", "version": "1.2.3",
      "supportedInterfaces": [
        {"url": "https://gw.example/agents/echo", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        {"url": "https://gw.example/agents/echo", "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"},
        {"url": "https://gw.example/agents/echo", "protocolBinding": "JSONRPC", "protocolVersion": "0.3"},
        {"url": "https://gw.example/agents/echo", "protocolBinding": "HTTP+JSON", "protocolVersion": "0.3"}
      ],
      "url": "https://gw.example/agents/echo", "preferredTransport": "JSONRPC", "protocolVersion": "0.3.0",
      "additionalInterfaces": [
        {"url": "https://gw.example/agents/echo", "transport": "JSONRPC"},
        {"url": "https://gw.example/agents/echo", "transport": "HTTP+JSON"}
      ],
      "provider": {"organization": "Example", "url": "https://example.org"},
      "capabilities": {
        "streaming": true, "pushNotifications": false, "extendedAgentCard": true,
        "extensions": [{"uri": "https://example.org/ext", "required": true, "params": {"a": 1}}]
      },
      "supportsAuthenticatedExtendedCard": true,
      "securitySchemes": {
        "bearer": {"type": "http", "scheme": "Bearer", "httpAuthSecurityScheme": {"scheme": "Bearer"}},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": "A key",
                "apiKeySecurityScheme": {"description": "A key", "location": "header", "name": "X-Key"}},
        "oauth_v03": {"type": "oauth2", "flows": {"authorizationCode": {
          "authorizationUrl": "https://a", "tokenUrl": "https://t", "scopes": {"s": "d"}}}},
        "oauth_clientCredentials": {
          "type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "https://t", "scopes": {"s": "d"}}},
          "oauth2SecurityScheme": {"flows": {"clientCredentials": {
            "tokenUrl": "https://t", "scopes": {"s": "d"}}}}},
        "oauth": {"oauth2SecurityScheme": {"flows": {"authorizationCode": {
          "authorizationUrl": "https://a", "tokenUrl": "https://t", "scopes": {"s": "d"}, "pkceRequired": true}}}},
        "mtls": {"type": "mutualTLS", "mtlsSecurityScheme": {"description": "Mutual TLS"}}
      },
      "security": [{"bearer": []}, {"oauth_v03": ["s"], "mtls": []}, {"oauth_clientCredentials": ["s"], "mtls": []}],
      "securityRequirements": [
        {"schemes": {"bearer": {"list": []}}},
        {"schemes": {"oauth": {"list": ["s"]}, "mtls": {"list": []}}},
        {"schemes": {"oauth_clientCredentials": {"list": ["s"]}, "mtls": {"list": []}}}
      ],
      "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"],
      "skills": [{
        "id": "echo", "name": "Echo", "description": "Says it again.", "tags": ["talk"], "examples": ["hello"],
        "security": [{"key": []}], "securityRequirements": [{"schemes": {"key": {"list": []}}}]
      }]
    }
    """#

  private func document(_ card: AgentCard, _ form: AgentCardCodec.Form) -> String {
    text(JSONFragment(AgentCardCodec.encode(card, as: form)).bytes)
  }

  private func decode(_ json: String) throws -> AgentCard {
    try AgentCardCodec.decode(try JSONValue.parse(Array(json.utf8)))
  }

  @Test(arguments: [(AgentCardCodec.Form.v1, v1), (.v03, v03), (.superset, superset)])
  func writesEachForm(form: AgentCardCodec.Form, golden: String) throws {
    #expect(document(try AgentCardTests.card(), form) == (try compact(golden)))
  }

  @Test(arguments: [v1, superset])
  func aCardThatWasReadIsWrittenAsTheSameBytes(golden: String) throws {
    let card = try decode(golden)
    #expect(document(try decode(document(card, .v1)), .v1) == document(card, .v1))
    #expect(card.supportedInterfaces == (try AgentCardTests.card()).supportedInterfaces)
    #expect(card.capabilities == (try AgentCardTests.card()).capabilities)
  }

  @Test func a03CardIsReadIn10Terms() throws {
    let card = try decode(AgentCardTests.v03)
    var expected = try AgentCardTests.card()
    expected.supportedInterfaces.removeFirst(2)
    expected.securitySchemes[2].scheme.kind = .oauth2(
      flows: try fragment(
        #"{"authorizationCode":{"authorizationUrl":"https://a","tokenUrl":"https://t","scopes":{"s":"d"}},"clientCredentials":{"tokenUrl":"https://t","scopes":{"s":"d"}}}"#
      ), metadataURL: nil)
    #expect(card == expected)
    #expect(document(card, .v03) == (try compact(AgentCardTests.v03)))
  }

  /// A single flow that both versions know needs no twin.
  @Test func anOAuthSchemeThatBothVersionsKnowKeepsItsName() throws {
    var card = try AgentCardTests.card()
    card.securitySchemes[2].scheme.kind = .oauth2(
      flows: try fragment(#"{"clientCredentials":{"tokenUrl":"https://t","scopes":{"s":"d"}}}"#),
      metadataURL: "https://m")
    let scheme = AgentCardCodec.encode(card, as: .superset)["securitySchemes"]
    #expect(scheme?.object?.names == ["bearer", "key", "oauth", "mtls"])
    #expect(
      scheme?["oauth"].map { text(JSONFragment($0).bytes) }
        == #"{"type":"oauth2","flows":{"clientCredentials":{"tokenUrl":"https://t","scopes":{"s":"d"}}},"oauth2MetadataUrl":"https://m","oauth2SecurityScheme":{"flows":{"clientCredentials":{"tokenUrl":"https://t","scopes":{"s":"d"}}},"oauth2MetadataUrl":"https://m"}}"#
    )
  }

  /// Without a scheme that it cannot name, a requirement would ask for less.
  @Test func aRequirementThat03CannotExpressIsLeftOut() throws {
    var card = try AgentCardTests.card()
    card.securitySchemes[2].scheme.kind = .oauth2(
      flows: try fragment(#"{"deviceCode":{"deviceAuthorizationUrl":"https://d","tokenUrl":"https://t","scopes":{}}}"#),
      metadataURL: nil)
    let document = AgentCardCodec.encode(card, as: .v03)
    #expect(document["security"] == [["bearer": []]])
    #expect(document["securitySchemes"]?.object?.names == ["bearer", "key", "mtls"])
  }

  /// Empty members drop out of what official clients verify, so a signed card must not have any.
  @Test func aPure10CardWithScopesHasNoEmptyMember() throws {
    var card = try AgentCardTests.card()
    card.securityRequirements = [SecurityRequirement(schemes: [.init(name: "oauth", scopes: ["s"])])]
    card.skills[0].securityRequirements = []
    card.skills[0].tags = []
    card.capabilities = AgentCapabilities()
    let text = document(card, .v1)
    for empty in ["[]", "{}", "\"\""] { #expect(!text.contains(empty)) }
    #expect(AgentCardCodec.encode(card, as: .v03)["skills"]?.array?.first?["tags"] == [])
  }

  @Test func onlyThePure10CardIsSigned() throws {
    var card = try AgentCardTests.card()
    card.signatures = [AgentCardSignature(protected: "p", signature: "s", header: JSONFragment(["k": "v"]))]
    #expect(
      AgentCardCodec.encode(card, as: .v1)["signatures"] == [
        ["protected": "p", "signature": "s", "header": ["k": "v"]]
      ])
    #expect(AgentCardCodec.encode(card, as: .v03)["signatures"] == nil)
    #expect(AgentCardCodec.encode(card, as: .superset)["signatures"] == nil)
    #expect(try decode(document(card, .v1)).signatures == card.signatures)
  }

  @Test func tenantsAreNamedIn10Only() throws {
    var card = try AgentCardTests.card()
    card.supportedInterfaces = [
      AgentInterface(url: "https://a", protocolBinding: "JSONRPC", protocolVersion: "1.0", tenant: "acme"),
      AgentInterface(url: "https://b", protocolBinding: "JSONRPC", protocolVersion: "0.3", tenant: "acme"),
    ]
    #expect(document(card, .v1).contains(#""tenant":"acme""#))
    #expect(AgentCardCodec.encode(card, as: .v03)["url"] == nil)
  }

  // MARK: Cards of others

  private func minimal(_ members: String) -> String {
    #"{"name":"n","description":"d","version":"1","capabilities":{},"defaultInputModes":[],"defaultOutputModes":[],"skills":[],"#
      + members + "}"
  }

  @Test func patchDigitsAndRepeatedInterfacesOf03AreDropped() throws {
    let card = try decode(
      minimal(
        #""url":"u","protocolVersion":"0.2.6","additionalInterfaces":[{"url":"u","transport":"JSONRPC"},{"url":"g","transport":"GRPC"}]"#
      ))
    #expect(
      card.supportedInterfaces == [
        AgentInterface(url: "u", protocolBinding: "JSONRPC", protocolVersion: "0.2"),
        AgentInterface(url: "g", protocolBinding: "GRPC", protocolVersion: "0.2"),
      ])
  }

  @Test func eitherFormOfSecurityIsReadUnderEitherName() throws {
    let schemes = #""securitySchemes":{"a":{"type":"http","scheme":"Bearer"}},"#
    for security in [
      #""security":[{"a":["s"]}]"#, #""security":[{"schemes":{"a":{"list":["s"]}}}]"#,
      #""securityRequirements":[{"a":["s"]}]"#, #""securityRequirements":[{"schemes":{"a":["s"]}}]"#,
    ] {
      #expect(
        try decode(minimal(#""url":"u","# + schemes + security)).securityRequirements
          == [SecurityRequirement(schemes: [.init(name: "a", scopes: ["s"])])])
    }
  }

  @Test func aWrappedSchemeInA03CardIsRead() throws {
    #expect(
      try decode(
        minimal(#""url":"u","securitySchemes":{"a":{"openIdConnectSecurityScheme":{"openIdConnectUrl":"https://o"}}}"#)
      ).securitySchemes
        == [NamedSecurityScheme(name: "a", scheme: SecurityScheme(.openIDConnect(url: "https://o")))])
  }

  @Test func aCardFileNeedsNoInterfaces() throws {
    let value = try JSONValue.parse(Array(minimal(#""iconUrl":"i""#).utf8))
    #expect(try AgentCardCodec.decode(value, requiresInterfaces: false).supportedInterfaces.isEmpty)
    #expect(throws: AgentCardFaults.self) { try AgentCardCodec.decode(value) }
  }

  @Test func everyFaultIsListedByItsPath() {
    let json = #"""
      {"description": 7, "version": "", "supportedInterfaces": [{"url": "u", "protocolVersion": "one"}],
       "capabilities": {"streaming": "yes", "extensions": [{}]}, "defaultInputModes": ["a", 1],
       "securitySchemes": {"a": {}, "b": {"type": "magic"}, "c": {"type": "apiKey", "in": "body", "name": "n"},
                           "d": {"type": "oauth2", "flows": {}}, "e": 1},
       "securityRequirements": [{"schemes": {"zz": {"list": []}}}, {"schemes": {"c": {"list": 5}}}],
       "skills": [{"id": "s", "name": "n", "description": "d", "tags": []}, {"id": "s", "tags": "x"}],
       "provider": [], "signatures": [{}]}
      """#
    let faults = #expect(throws: AgentCardFaults.self) { try decode(json) }
    #expect(
      faults?.faults.map { "\($0.path): \($0.message)" } == [
        "name: Is required.", "description: Must be a string.", "version: Is required.",
        "supportedInterfaces[0].protocolBinding: Is required.",
        "supportedInterfaces[0].protocolVersion: Must be a Major.Minor version, such as 1.0.",
        "provider: Must be an object.", "capabilities.streaming: Must be true or false.",
        "capabilities.extensions[0].uri: Is required.", "defaultInputModes[1]: Must be a string.",
        "defaultOutputModes: Is required.", "skills[1].name: Is required.", "skills[1].description: Is required.",
        "skills[1].tags: Must be a list of strings.", "skills[1].id: Is the id of an earlier skill.",
        "securitySchemes.a: Must have a type, or hold one scheme of A2A 1.0.",
        "securitySchemes.b.type: Must be apiKey, http, oauth2, openIdConnect or mutualTLS.",
        "securitySchemes.c.in: Must be header, query or cookie.",
        "securitySchemes.d.flows: Must have one of authorizationCode, clientCredentials, implicit, password, deviceCode.",
        "securitySchemes.e: Must be an object.",
        "securityRequirements[1].schemes.c.list: Must be a list of strings.",
        "signatures[0].protected: Is required.", "signatures[0].signature: Is required.",
        "securityRequirements[0]: Names the scheme zz, which securitySchemes does not have.",
      ])
  }

  @Test func whatIsNoObjectIsNoCard() {
    let faults = #expect(throws: AgentCardFaults.self) { try decode("[]") }
    #expect(faults?.faults == [AgentCardFault(path: "", message: "Must be an object.")])
  }
}
