/// The `a2a-gateway` command.
public enum CommandLineTool {
  public static let version = "0.1.0"

  /// Runs one command and returns its exit code.
  ///
  /// - Parameter arguments: without the program's name.
  public static func run(_ arguments: [String]) -> ExitCode {
    let console = Console()
    guard let verb = arguments.first else {
      console.error(Help.overview)
      return .usage
    }
    let rest = Array(arguments.dropFirst())
    if ["help", "--help", "-h"].contains(verb) { return help(rest, console) }
    if rest.contains("--help") || rest.contains("-h") { return help([verb], console) }
    do {
      switch verb {
      case "serve": return try ServeCommand.run(rest, console)
      case "validate": return try ValidateCommand.run(rest, console)
      case "card": return try CardCommand.run(rest, console)
      case "agents": return try AgentsCommand.run(rest, console)
      case "drain", "stop": return try StopCommand.run(verb, rest, console)
      case "send": return try SendCommand.run(rest, console)
      case "keys": return try KeysCommand.run(rest, console)
      case "version", "--version":
        console.print("a2a-gateway \(version)")
        return .ok
      default: throw UsageError(message: "unknown command \"\(verb)\"")
      }
    } catch let error as UsageError {
      console.error("a2a-gateway: \(error.message)\nSee: a2a-gateway help\(Help.topics[verb] == nil ? "" : " " + verb)")
      return .usage
    } catch let error as RemoteUnreachable {
      console.error("a2a-gateway: \(error.message)")
      return .remoteUnreachable
    } catch {
      console.error("a2a-gateway: \(error)")
      return .failed
    }
  }

  private static func help(_ words: [String], _ console: Console) -> ExitCode {
    guard let topic = words.first else {
      console.print(Help.overview)
      return .ok
    }
    guard let text = Help.topics[topic] else {
      console.error("a2a-gateway: there is no command \"\(topic)\"\n\n" + Help.overview)
      return .usage
    }
    console.print(text)
    return .ok
  }
}
