/// The `a2a-gateway-bench` command.
enum BenchTool {
  /// Runs one command and returns its exit code: 0 done, 1 failed, 2 usage.
  static func run(_ arguments: [String]) -> Int32 {
    guard let verb = arguments.first else {
      Console.note(Help.overview)
      return 2
    }
    let rest = Array(arguments.dropFirst())
    let asksForHelp = rest.contains("--help") || rest.contains("-h")
    if ["help", "--help", "-h"].contains(verb) { return help(rest.first) }
    if asksForHelp { return help(verb) }
    do {
      switch verb {
      case "origin": try OriginCommand.run(rest)
      case "load": try LoadCommand.run(rest)
      case "compare": try CompareCommand.run(rest)
      case "micro": try MicroCommand.run(rest)
      default: throw UsageError("unknown command \"\(verb)\"")
      }
      return 0
    } catch let error as UsageError {
      Console.note(
        "a2a-gateway-bench: \(error.message)\nSee: a2a-gateway-bench help\(Help.topics[verb] == nil ? "" : " " + verb)")
      return 2
    } catch {
      Console.note("a2a-gateway-bench: \(error)")
      return 1
    }
  }

  private static func help(_ topic: String?) -> Int32 {
    guard let topic else {
      Console.print(Help.overview)
      return 0
    }
    guard let text = Help.topics[topic] else {
      Console.note("a2a-gateway-bench: there is no command \"\(topic)\"\n\n" + Help.overview)
      return 2
    }
    Console.print(text)
    return 0
  }
}
