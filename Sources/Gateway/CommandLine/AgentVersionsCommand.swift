internal import HTTP
internal import JSON

/// `a2a-gateway agents versions`: the agents that calls made, or the versions that are kept of one.
enum AgentVersionsCommand {
  static func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"], flags: ["json"])
    guard arguments.words.count <= 1 else { throw UsageError(message: "agents versions takes the key of one agent") }
    guard let gateway = try RunningGateway(arguments, console) else { return .configurationInvalid }
    let key = arguments.words.first
    let target = key.map { "\(AgentVersionsVerb.path)/\(PercentEncoding.encodePathSegment($0))" }
    let answer = try gateway.call(.get, target ?? AgentVersionsVerb.path)
    guard answer.isOK, let root = answer.json else { return answer.report(console) }
    if arguments.has("json") {
      console.print(String(decoding: answer.body, as: UTF8.self))
    } else if key == nil {
      printAgents(root["agents"]?.elements ?? [], console)
    } else {
      printVersions(root["versions"]?.elements ?? [], console)
    }
    return .ok
  }

  private static func printAgents(_ agents: [JSONNode], _ console: Console) {
    if agents.isEmpty { return console.error("No call has made an agent that is still there.") }
    let rows = agents.map { agent in
      [
        text(agent, "key"), text(agent, "version"), agent["versions"]?.int64.map { "\($0)" } ?? "",
        text(agent, "updated"), text(agent, "updated_by"),
      ]
    }
    AgentsCommand.printTable([["KEY", "VERSION", "KEPT", "CHANGED", "BY"]] + rows, console)
  }

  private static func printVersions(_ versions: [JSONNode], _ console: Console) {
    let rows = versions.map { version in
      [
        text(version, "version"), text(version, "created"), text(version, "created_by"),
        text(version["definition"], "model"), text(version, "description"),
      ]
    }
    AgentsCommand.printTable([["VERSION", "MADE", "BY", "MODEL", "WHY"]] + rows, console)
  }

  /// On one line, whatever its maker wrote; a model may be an object with an id.
  private static func text(_ node: JSONNode?, _ name: StaticString) -> String {
    let member = node?[name]
    let text = (member?.string ?? member?["id"]?.string) ?? ""
    return String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) })
  }
}
