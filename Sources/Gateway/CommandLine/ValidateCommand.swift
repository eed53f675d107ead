internal import Configuration
internal import JSON

/// `a2a-gateway validate`.
enum ValidateCommand {
  static func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
    let arguments = try Arguments(arguments, options: ["config"], flags: ["json"])
    guard arguments.words.isEmpty else { throw UsageError(message: "validate takes no words, only options") }
    let path = ConfigurationFile.path(arguments)
    var loaded = ConfigurationLoader.load(file: path)
    if let configuration = loaded.usable?.configuration {
      loaded.diagnostics += TLSMaterial.faults(in: configuration)
    }
    let isValid = loaded.usable != nil
    if arguments.has("json") {
      var writer = JSONWriter()
      writer.value([
        "valid": .bool(isValid), "diagnostics": .array(loaded.diagnostics.map(\.json)),
        "agents": .array(loaded.cards.map { .string($0.key) }),
      ])
      console.print(String(decoding: writer.finish(), as: UTF8.self))
    } else {
      for diagnostic in loaded.diagnostics { console.error(diagnostic.rendered) }
      if isValid {
        let keys = loaded.cards.map(\.key).joined(separator: ", ")
        console.print("\(path ?? "built-in defaults"): valid; agents: \(keys.isEmpty ? "none" : keys)")
      }
    }
    return isValid ? .ok : .configurationInvalid
  }
}
