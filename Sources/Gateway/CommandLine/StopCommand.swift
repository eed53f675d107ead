internal import HTTP

/// `a2a-gateway drain` and `a2a-gateway stop`.
enum StopCommand {
  static func run(_ verb: String, _ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"])
    guard arguments.words.isEmpty else { throw UsageError(message: "\(verb) takes no words, only options") }
    guard let gateway = try RunningGateway(arguments, console) else { return .configurationInvalid }
    let answer = try gateway.call(.post, "/" + verb)
    return answer.isOK ? .ok : answer.report(console)
  }
}
