import Foundation
import JSON
import TestSupport
import Testing

@testable import Gateway

/// `a2a-gateway agents`, as a program, against a gateway that runs.
@Suite(.serialized) struct AgentsCommandTests {
  let folder: TemporaryFolder
  let server: CardServer
  let gateway: GatewayProgram
  private let file: String

  init() throws {
    folder = try TemporaryFolder()
    server = try CardServer()
    server.serve(server.card())
    file = try GatewayProgram.configure(folder)
    gateway = try GatewayProgram(folder)
  }

  private func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    try Program.run(["agents"] + arguments + ["--config", file], in: folder)
  }

  @Test func anAgentIsAddedListedTestedAndRemoved() throws {
    let secret = folder.path + "/secret"
    try Data("s3cr3t-token\n".utf8).write(to: URL(filePath: secret))
    let added = try run("add", server.url, "--header", "Authorization=@" + secret)
    #expect(added.status == 0, "\(added.errors)")
    // The key is made of the card's name.
    #expect(added.output == "weather-teller\n")
    #expect(server.seen("/a2a").last?.fields["authorization"] == "s3cr3t-token")
    #expect(try gateway.web().request("GET", "/agents/weather-teller/.well-known/agent-card.json").status == 200)

    let listed = try run("list")
    #expect(listed.status == 0)
    #expect(listed.output.contains("weather-teller  registered  ok"), "\(listed.output)")
    let json = try JSONValue.parse(Array(try run("list", "--json").output.utf8))
    #expect(json["agents"]?.array?.first?["key"] == "weather-teller")
    #expect(!listed.output.contains("s3cr3t"))

    #expect(try run("test", "weather-teller").status == 0)
    #expect(try run("refresh", "weather-teller").output.contains("weather-teller: ok"))
    server.serve(server.card { $0["skills"] = [["id": "x", "name": "X", "description": "X.", "tags": ["t"]]] })
    #expect(try run("refresh", "weather-teller").errors.contains("agents approve weather-teller"))
    #expect(try run("list").output.contains("held"))
    #expect(try run("approve", "weather-teller").status == 0)
    #expect(try run("approve", "weather-teller").status == 1)

    #expect(try run("remove", "weather-teller").status == 0)
    #expect(try run("remove", "weather-teller").status == 1)
    #expect(try gateway.web().request("GET", "/agents/weather-teller/.well-known/agent-card.json").status == 404)
  }

  @Test func credentialsComeFromFilesAndTheEnvironment() throws {
    let secret = folder.path + "/secret"
    try Data("s3cr3t-token\n".utf8).write(to: URL(filePath: secret))
    func added(_ arguments: [String]) throws -> CardServer.Seen? {
      let answer = try Program.run(
        ["agents", "add", server.url, "--key", "k", "--config", file] + arguments, in: folder)
      #expect(answer.status == 0, "\(answer.errors)")
      #expect(!(answer.output + answer.errors + (try run("list", "--json").output)).contains("s3cr3t"))
      #expect(try run("test", "k").status == 0)
      #expect(try run("remove", "k").status == 0)
      return server.seen("/a2a").last
    }
    #expect(try added(["--bearer", "@" + secret])?.fields["authorization"] == "Bearer s3cr3t-token")
    #expect(try added(["--api-key", "X-Key=@" + secret])?.fields["x-key"] == "s3cr3t-token")
    #expect(try added(["--api-key", "query:key=@" + secret])?.query == "key=s3cr3t-token")
    #expect(try added(["--basic", "me=@" + secret])?.fields["authorization"]?.hasPrefix("Basic ") == true)
    server.answer("/token", #"{"access_token":"t1","token_type":"bearer"}"#)
    let oauth2 = [
      "--oauth2", server.url + "/token", "--client-id", "me", "--client-secret", "@" + secret, "--scope", "a",
    ]
    #expect(try added(oauth2)?.fields["authorization"] == "Bearer t1")
    // Not every header is a secret; those that look like one are remarked upon.
    let literal = try run("add", server.url, "--key", "k", "--header", "X-Tenant=acme", "--header", "X-Token=abc")
    #expect(literal.errors.contains("can read the value of X-Token") && !literal.errors.contains("X-Tenant"))
    #expect(try run("remove", "k").status == 0)
    // The environment of tests has this one.
    #expect(try added(["--header", "X-Path=env:PATH"])?.fields["x-path"] == "/usr/bin:/bin")
  }

  @Test(arguments: [
    (["--bearer", "s3cr3t"], "--bearer takes @FILE or env:NAME"),
    (["--bearer", "env:NOT_THERE"], "NOT_THERE is not set"), (["--bearer", "@/not/there"], "/not/there"),
    (["--basic", "@file"], "--basic takes USER="), (["--api-key", "body:K=env:PATH"], "query:NAME"),
    (["--bearer", "env:PATH", "--basic", "u=env:PATH"], "not both --bearer and --basic"),
    (["--oauth2", "https://t.example"], "needs --client-id"), (["--scope", "a"], "belongs to --oauth2"),
    (["--client-cert", "a.pem"], "needs --client-key"), (["--client-key", "a.key"], "belongs to --client-cert"),
  ])
  func credentialsThatAreNoneAreRefused(arguments: [String], reason: String) throws {
    let answer = try Program.run(["agents", "add", server.url, "--config", file] + arguments, in: folder)
    #expect(answer.status == 2)
    #expect(answer.errors.contains(reason), "\(answer.errors)")
    #expect(!answer.errors.contains("s3cr3t"))
  }

  @Test func streamsThatAreRefusedAreToldOf() throws {
    server.serve(server.card { $0["capabilities"] = ["streaming": true] })
    server.answer("SubscribeToTask", #"{"jsonrpc":"2.0","id":"1","error":{"code":-32004,"message":"no"}}"#)
    #expect(try run("add", server.url).errors.contains("are refused: the card claims streams"))
    #expect(try run("test", "weather-teller").output.contains("verified, streams refused (the card"))
  }

  @Test func whatIsWrongIsSaid() throws {
    let refused = try run("add", server.url, "--key", "a2a")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("the gateway uses that word"))
    server[CardServer.wellKnown] = nil
    let missing = try run("add", server.url)
    #expect(missing.status == 1)
    #expect(missing.errors.contains("no agent card was found"), "\(missing.errors)")
    #expect(try run("add").status == 2)
    #expect(try run("add", server.url, "--header", "nonsense").status == 2)
    #expect(try run("dance").status == 2)
  }

  @Test func versionsOfAgentsThatCallsMadeAreShown() throws {
    let none = try run("versions")
    #expect(none.status == 0)
    #expect(none.errors.contains("No call has made an agent"))
    #expect(try run("versions", "--json").output == "{\"agents\":[]}\n")
    let unknown = try run("versions", "nobody")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("there is no agent \"nobody\""))
    #expect(try run("versions", "a", "b").status == 2)
  }

  @Test func withoutAGatewayTheCodeIsFour() throws {
    gateway.program.kill()
    let answer = try run("list")
    #expect(answer.status == 4)
    #expect(answer.errors.contains("no gateway runs with this configuration"))
  }

  @Test func aGatewayIsToldToEnd() throws {
    #expect(try Program.run(["drain", "--config", file], in: folder).status == 0)
    #expect(try gateway.program.status() == 0)
    #expect(gateway.program.errors.contains("draining"))
    #expect(try Program.run(["stop", "--config", file], in: folder).status == 4)
  }

  @Test func keysAreMadeOfNames() {
    #expect(AgentsCommand.key(of: "Weather Teller 2") == "weather-teller-2")
    #expect(AgentsCommand.key(of: "  (Ünïcode) agent!! ") == "n-code-agent")
    #expect(AgentsCommand.key(of: "42") == nil)
    #expect(AgentsCommand.key(of: "日本") == nil)
    #expect(AgentsCommand.key(of: "external") == nil)
  }
}
