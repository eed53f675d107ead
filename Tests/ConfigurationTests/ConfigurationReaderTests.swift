import Foundation
import JSON
import Testing

@testable import Configuration

@Suite struct ConfigurationReaderTests {
  @Test func anEmptyFileIsTheDefaults() throws {
    let loaded = try Workspace().load("{}")
    let configuration = try #require(loaded.usable).configuration
    #expect(loaded.diagnostics == [])
    #expect(configuration.listeners.map(\.bind.text) == ["127.0.0.1:8080"])
    #expect(configuration.listeners[0].auth == AuthenticationConfiguration(anonymous: true))
    #expect(configuration.listeners[0].publicURL == nil)
    #expect(configuration.admin.bind.text == "127.0.0.1:9901")
    #expect(configuration.limits == Limits())
    #expect(configuration.log == LogConfiguration())
    #expect(configuration.workers >= 1)
    #expect(loaded.cards.map(\.key) == ["echo"])
  }

  @Test func everyKeyIsRead() throws {
    let workspace = try Workspace()
    try workspace.write("cert.pem", "certificate")
    try workspace.write("key.pem", "key")
    try workspace.write("ca.pem", "authorities")
    let digest = String(repeating: "ab", count: 32)
    let loaded = try workspace.load(
      """
      {
        // comments are allowed
        "listeners": [
          { "bind": "0.0.0.0:8443", "public_url": "https://agents.example.com/base/", "faces": ["a2a"],
            "tls": { "certificates": [ { "cert": "cert.pem", "key": { "file": "key.pem" } },
                                       { "cert": "cert.pem", "key": { "env": "TLS_KEY" } } ],
                     "client_ca": "ca.pem", "min_version": "1.3" },
            "auth": { "api_keys": true, "anonymous": false },
            "trusted_proxies": ["10.0.0.0/8", "::1"], "cors": ["https://app.example", "*"] },
          { "bind": "unix:agents.sock", "public_url": "http://agents.internal", "auth": { "anonymous": true } },
        ],
        "admin": { "bind": "unix:/run/admin.sock" },
        "cards": "cards", "default_agent": "echo",
        "keys": [ { "name": "partner-a", "sha256": "\(digest)", "roles": ["operator"] } ],
        "limits": { "http": { "body_bytes_max": "2MiB", "idle_time": "90s" }, "turns": { "blocking_wait": "5m" },
                    "contexts": { "waiting_turns_max": 0 } },
        "state": { "dir": "state" }, "egress": { "allow": ["10.0.0.0/8", "Agents.internal"] },
        "signatures": { "sign": "EdDSA", "trusted_hosts": ["Keys.Partner.example"] },
        "log": { "level": "debug", "access": "access.log" },
        "workers": 3, "lenient_versions": true,
      }
      """, environment: ["TLS_KEY": "key"])
    #expect(Workspace.describe(loaded.diagnostics) == [])
    let configuration = try #require(loaded.usable).configuration
    let first = configuration.listeners[0]
    #expect(first.publicURL == "https://agents.example.com/base")
    #expect(first.tls?.certificates[0].certificate == workspace.folder + "/cert.pem")
    #expect(first.tls?.certificates[0].key == .file(workspace.folder + "/key.pem"))
    #expect(first.tls?.certificates[1].key == .environment("TLS_KEY"))
    #expect(first.tls?.clientCA == workspace.folder + "/ca.pem")
    #expect(first.tls?.minimumVersion == .tls13)
    #expect(first.auth.anonymous == false)
    #expect(first.trustedProxies.map { $0.contains("10.2.3.4") } == [true, false])
    #expect(first.cors == ["https://app.example", "*"])
    #expect(configuration.listeners[1].bind.text == "unix:\(workspace.folder)/agents.sock")
    #expect(configuration.listeners[1].auth.anonymous)
    #expect(configuration.admin.bind.text == "unix:/run/admin.sock")
    #expect(configuration.defaultAgent == "echo")
    #expect(
      configuration.keys == [
        APIKeyConfiguration(name: "partner-a", sha256: .init(repeating: 0xAB, count: 32), roles: [.operator])
      ])
    #expect(configuration.limits.http.bodyBytesMax == 2 << 20)
    #expect(configuration.limits.http.idleTime == .seconds(90))
    #expect(configuration.limits.turns.blockingWait == .seconds(300))
    #expect(configuration.limits.contexts.waitingTurnsMax == 0)
    #expect(configuration.state.folder == workspace.folder + "/state")
    #expect(configuration.egress.networks.map { $0.contains("10.1.2.3") } == [true])
    #expect(configuration.egress.hosts == ["agents.internal"])
    #expect(configuration.signatures.signing == .edDSA)
    #expect(configuration.signatures.trustedHosts == ["keys.partner.example"])
    #expect(configuration.log.level == .debug)
    #expect(configuration.log.access == .file(workspace.folder + "/access.log"))
    #expect(configuration.workers == 3)
    #expect(configuration.lenientVersions)
  }

  @Test func allFaultsOfAFileAreReportedAtOnceInOrder() throws {
    let faults = try Workspace().faults(
      """
      {
        "listner": [],
        "listeners": [ { "bind": "localhost:80" }, { "bund": "127.0.0.1:1" } ],
        "workers": 0,
        "limits": { "http": { "idle_time": "soon", "headers_max": "many" } },
        "log": { "level": "loud" }
      }
      """)
    #expect(
      faults
        == [
          "2:3 error: unknown key \"listner\"; did you mean \"listeners\"?",
          "3:28 error: \"localhost:80\" is no address to bind", "3:46 error: \"bind\" is missing",
          "3:48 error: unknown key \"bund\"; did you mean \"bind\"?",
          "4:14 error: \"workers\" must be between 1 and 256",
          "5:38 error: \"idle_time\" must be a duration such as \"250ms\", \"15s\", \"10m\", \"24h\" or \"7d\", not \"soon\"",
          "5:61 error: \"headers_max\" must be a whole number, not \"many\"",
          "6:21 error: \"level\" cannot be \"loud\"",
        ])
  }

  @Test(arguments: ["", "10.0.0.0/33", "-a.example", "a..b", "https://a.example", "a b"])
  func whatIsNoPlaceCannotBeAllowed(_ text: String) throws {
    let faults = try Workspace().faults("{ \"egress\": { \"allow\": [\"\(text)\"] } }")
    #expect(faults.count == 1)
    #expect(faults.first?.contains("\"\(text)\" is no network, no address and no name of a host") == true)
  }

  @Test(arguments: ["push", "metrics"])
  func keysOfLaterReleasesAreUnknown(_ key: String) throws {
    #expect(try Workspace().faults("{ \"\(key)\": {} }").contains { $0.contains("unknown key \"\(key)\"") })
  }

  @Test(arguments: [
    (#"{ "bind": "0.0.0.0:80", "auth": { "anonymous": true } }"#, "a listener beyond loopback needs \"public_url\""),
    (#"{ "bind": "0.0.0.0:80", "public_url": "http://a.example" }"#, "nobody could call this listener"),
    (#"{ "bind": "127.0.0.1:80", "auth": { "anonymous": false } }"#, "nobody could call this listener"),
    (#"{ "bind": "unix:x", "auth": { "anonymous": true } }"#, "a listener beyond loopback needs \"public_url\""),
    (#"{ "bind": "127.0.0.1:80", "public_url": "ftp://a" }"#, "must begin with https:// or http://"),
    (#"{ "bind": "127.0.0.1:80", "public_url": "a.example" }"#, "must be a URL"),
    (#"{ "bind": "127.0.0.1:80", "public_url": "https://a.example/v1/" }"#, "path segment \"v1\""),
    (#"{ "bind": "127.0.0.1:80", "public_url": "https://u:p@a.example" }"#, "must not hold a user"),
    (#"{ "bind": "127.0.0.1:80", "public_url": "https://a.example/?x" }"#, "must not hold a query"),
    (#"{ "bind": "127.0.0.1:80", "faces": ["grpc"] }"#, "there is no face \"grpc\""),
    (#"{ "bind": "127.0.0.1:80", "faces": [] }"#, "at least one face"),
    (#"{ "bind": "127.0.0.1:80", "trusted_proxies": ["10.0.0.0/33"] }"#, "no address and no network"),
    (#"{ "bind": "127.0.0.1:80", "cors": ["https://app.example/x"] }"#, "is no origin"),
    (#"{ "bind": "127.0.0.1:80", "auth": { "jwt": [] } }"#, "unknown key \"jwt\""),
    (#"{ "bind": "127.0.0.1:80", "tls": {} }"#, "\"certificates\" is missing"),
    (#"{ "bind": "127.0.0.1:80", "tls": { "certificates": [] } }"#, "at least one certificate"),
    (#"{ "bind": "127.0.0.1:80", "tls": { "certificates": [{ "key": { "env": "K" } }] } }"#, "\"cert\" is missing"),
    (#"{ "bind": "127.0.0.1:80", "tls": { "certificates": [{ "cert": "c.pem" }] } }"#, "\"key\" is missing"),
    (
      #"{ "bind": "127.0.0.1:80", "tls": { "certificates": [{ "cert": "c.pem", "key": { "env": "K" } }] } }"#,
      "no such file"
    ),
    (#"{ "bind": "127.0.0.1:99999" }"#, "no address to bind"), (#"{ "bind": "[127.0.0.1]:80" }"#, "no address to bind"),
    (#"{ "bind": "::1:80" }"#, "no address to bind"), (#"{ "bind": ":80" }"#, "no address to bind"),
    ("7", "must be an object"),
  ])
  func listenersThatCannotServeAreErrors(_ listener: String, _ message: String) throws {
    let loaded = try Workspace().load("{ \"listeners\": [ \(listener) ] }")
    #expect(loaded.usable == nil)
    #expect(loaded.diagnostics.contains { $0.message.contains(message) }, "\(Workspace.describe(loaded.diagnostics))")
  }

  @Test func openListenersAreAllowedAndWarnedOf() throws {
    let loaded = try Workspace().load(
      #"{ "listeners": [ { "bind": "0.0.0.0:80", "public_url": "http://a.example", "auth": { "anonymous": true } } ] }"#
    )
    #expect(loaded.usable != nil)
    #expect(
      Workspace.describe(loaded.diagnostics) == ["1:76 warning: anyone who reaches 0.0.0.0:80 may call the agents"])
  }

  @Test func listenersDoNotShareAnAddressUnlessTheKernelChooses() throws {
    #expect(
      try Workspace().faults(#"{ "listeners": [ { "bind": "127.0.0.1:80" }, { "bind": "127.0.0.1:80" } ] }"#)
        == ["1:46 error: two listeners bind 127.0.0.1:80"])
    #expect(try Workspace().faults(#"{ "listeners": [ { "bind": "127.0.0.1:0" }, { "bind": "127.0.0.1:0" } ] }"#) == [])
    #expect(try Workspace().faults(#"{ "admin": { "bind": "127.0.0.1:8080" } }"#).count == 1)
    #expect(try Workspace().faults(#"{ "admin": { "bind": "0.0.0.0:9901" } }"#).count == 1)
  }

  @Test func aSecretInTheFileIsAnErrorThatDoesNotShowIt() throws {
    let workspace = try Workspace()
    try workspace.write("c.pem", "x")
    let loaded = try workspace.load(
      #"{ "listeners": [ { "bind": "127.0.0.1:80", "tls": { "certificates": [{ "cert": "c.pem", "key": "hunter2" }] } } ],"#
        + #" "keys": [ { "name": "a", "sha256": "sk-hunter2" } ] }"#)
    #expect(loaded.diagnostics.count == 2)
    #expect(!loaded.diagnostics.map(\.rendered).joined().contains("hunter2"))
  }

  @Test func aMissingVariableIsAnError() throws {
    let workspace = try Workspace()
    try workspace.write("c.pem", "x")
    let text =
      #"{ "listeners": [ { "bind": "127.0.0.1:80", "tls": { "certificates": [{ "cert": "c.pem", "key": { "env": "K" } }] } } ] }"#
    #expect(try workspace.faults(text) == ["error: the environment variable K is not set"])
    #expect(try workspace.faults(text, environment: ["K": "pem"]) == [])
  }

  @Test func keysAreChecked() throws {
    let digest = String(repeating: "0", count: 64)
    let faults = try Workspace().faults(
      """
      { "keys": [
        { "name": "a", "sha256": "\(digest)" },
        { "name": "a", "sha256": "\(digest)" },
        { "name": "anonymous", "sha256": "\(String(repeating: "1", count: 64))" },
        { "name": "b c", "sha256": "\(String(repeating: "2", count: 64))", "roles": ["admin"] },
        { "name": "d", "sha256": "zz" }, {}
      ] }
      """)
    #expect(
      faults == [
        "3:3 error: two keys are named \"a\"", "3:3 error: this key stands here twice",
        "4:13 error: \"anonymous\" is the name of callers without a key",
        "5:13 error: a key's name is 1 to 64 visible ASCII characters without \"*\"",
        "5:108 error: there is no role \"admin\"", "6:28 error: \"sha256\" is no SHA-256 digest",
        "6:36 error: \"name\" is missing", "6:36 error: \"sha256\" is missing",
      ])
  }

  @Test func relationsBetweenLimitsAreChecked() throws {
    #expect(LimitsReader.faultsInRelations(Limits()).isEmpty)
    let faults = try Workspace().faults(
      #"{ "limits": { "http": { "request_line_bytes_max": "64KiB" }, "turns": { "task_time": "1m", "blocking_wait": "2m" } } }"#
    )
    #expect(
      faults == [
        "1:13 error: http.request_line_bytes_max is more than http.head_bytes_max",
        "1:13 error: turns.blocking_wait is more than turns.task_time",
      ])
  }

  @Test func theDefaultAgentMustExist() throws {
    #expect(
      try Workspace().faults(#"{ "default_agent": "ecco" }"#)
        == ["error: \"default_agent\" is \"ecco\", but no card file has this key; did you mean \"echo\"?"])
    #expect(try Workspace().faults(#"{ "default_agent": "v1" }"#).count == 1)
  }

  @Test func brokenFilesSayWhere() throws {
    #expect(try Workspace().faults("{ \"workers\": }").first?.hasPrefix("1:14 error: ") == true)
    #expect(try Workspace().faults("[]") == ["1:1 error: the configuration must be an object, not a list"])
    #expect(
      Workspace.describe(ConfigurationLoader.load(file: "/nowhere/gateway.json", environment: [:]).diagnostics)
        == ["error: no such file"])
  }

  @Test func aMissingFolderOfCardsIsAnErrorAndAnEmptyOneAWarning() throws {
    let workspace = try Workspace()
    try workspace.write("a.json", #"{ "cards": "none" }"#)
    let missing = ConfigurationLoader.load(file: workspace.folder + "/a.json", environment: [:])
    #expect(missing.usable == nil)
    try workspace.write("b.json", "{}")
    let empty = ConfigurationLoader.load(file: workspace.folder + "/b.json", environment: [:])
    #expect(empty.usable != nil)
    #expect(empty.diagnostics.map(\.severity) == [.warning])
  }

  @Test func rulesForExternalAgentsAreRead() throws {
    let workspace = try Workspace()
    try workspace.write("partner.pem", "key")
    let loaded = try workspace.load(
      """
      { "external": { "refresh": "1m", "drift": "auto", "signatures": "require", "trusted_keys": ["partner.pem"],
                      "agents_max": 5 },
        "orq": { "key": { "env": "ORQ" }, "register_external": true, "callback_key": { "env": "BACK" } } }
      """, environment: ["ORQ": "key", "BACK": "other"])
    let configuration = try #require(loaded.usable, "\(loaded.diagnostics)").configuration
    #expect(configuration.external.refresh == .seconds(60))
    #expect(configuration.external.drift == .auto)
    #expect(configuration.external.signatures == .require)
    #expect(configuration.external.trustedKeyFiles.map { $0.hasSuffix("/partner.pem") } == [true])
    #expect(configuration.external.agentsMax == 5)
    #expect(configuration.orq?.registersExternal == true)
    #expect(configuration.orq?.callbackKey == .environment("BACK"))
  }

  @Test(arguments: [
    (#""register_external": true, "callback_key": "plain""#, "must say where the secret is"),
    (#""register_external": true, "callback_key": { "env": "MISSING" }"#, "MISSING is not set"),
    (#""register_external": true, "callback_key": { "file": "missing" }"#, "missing"),
    (#""callback_key": { "env": "ORQ" }"#, "nobody gets this key"),
  ])
  func theKeyForCallsBackIsChecked(text: String, named: String) throws {
    let loaded = try Workspace().load(
      "{ \"orq\": { \"key\": { \"env\": \"ORQ\" }, \(text) } }", environment: ["ORQ": "key"])
    #expect(loaded.diagnostics.contains { $0.message.contains(named) }, "\(loaded.diagnostics)")
  }

  @Test(arguments: [
    ("\"refresh\": \"1s\"", "refresh"), ("\"drift\": \"maybe\"", "drift"),
    ("\"signatures\": \"require\"", "no key is trusted"),
    ("\"trusted_keys\": [\"missing.pem\"]", "missing.pem"), ("\"agents_max\": -1", "agents_max"),
    ("\"agent_max\": 1", "agents_max"),
  ])
  func rulesForExternalAgentsAreChecked(text: String, named: String) throws {
    let faults = try Workspace().faults("{ \"external\": { \(text) } }")
    #expect(faults.count == 1)
    #expect(faults.first?.contains(named) == true, "\(faults)")
  }
}
