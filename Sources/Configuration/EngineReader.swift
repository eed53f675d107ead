import JSON
import Model

/// Reads an engine of the embedded runtime, in a card file's `backend` or under `runtime.models`.
struct EngineReader {
  let faults: FaultList
  let folder: String
  /// The names of the models that the engine is for, under `runtime.models`.
  var pattern: String?

  private static let names = ["echo", "clock", "command", "openai", "http"]

  func engine(_ reader: inout ObjectReader) -> LocalEngineConfiguration? {
    let hint = "one of: " + Self.names.joined(separator: ", ")
    guard let node = reader.required("engine", hint: hint), let name = reader.string(node, "engine") else { return nil }
    switch name {
    case "echo": return .echo
    case "clock": return .clock
    case "command": return command(&reader).map(LocalEngineConfiguration.command)
    case "openai": return chatServer(&reader).map(LocalEngineConfiguration.openai)
    case "http": return service(&reader).map(LocalEngineConfiguration.http)
    default:
      faults.error(
        node.range, "this build has no engine \"\(name)\"" + ObjectReader.suggestion(name, Self.names), hint: hint)
      reader.ignoreUnknownKeys()
      return nil
    }
  }

  // MARK: Programs

  private func command(_ reader: inout ObjectReader) -> CommandConfiguration? {
    var command: [String]?
    if let node = reader.required("command", hint: "such as [\"python3\", \"agent.py\"]") {
      command = reader.strings("command")?.map(\.text)
      if let words = command, words.isEmpty || words[0].isEmpty || words.contains(where: { $0.utf8.contains(0) }) {
        faults.error(node.range, "\"command\" must name a program, then its arguments")
        command = nil
      }
    }
    let folder = reader.path("cwd") ?? (self.folder.isEmpty ? "." : self.folder)
    let environment = environment(&reader)
    let settings = reader.anyObject("settings").map { JSONFragment(.object($0)) }
    var input = CommandConfiguration.Input.json
    reader.choice("stdin", &input, CommandConfiguration.Input.allCases.map { ($0.rawValue, $0) })
    return command.map {
      CommandConfiguration(
        command: $0, folder: folder, environment: environment, settings: settings, input: input)
    }
  }

  private func environment(_ reader: inout ObjectReader) -> [String: TextOrSecret] {
    var result: [String: TextOrSecret] = [:]
    for (member, value) in reader.textsOrSecrets("env", "variables") {
      if member.name.isEmpty || member.name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == 0 }) {
        faults.error(member.nameRange, "\"\(member.name)\" cannot be the name of a variable")
      }
      if case .text(let text) = value, text.utf8.contains(0) {
        faults.error(member.nameRange, "\"\(member.name)\" holds a zero character")
      }
      result[member.name] = value
    }
    return result
  }

  // MARK: Model servers

  private static let urlHint = "the address that \"/chat/completions\" is below, such as \"http://127.0.0.1:11434/v1\""

  private func chatServer(_ reader: inout ObjectReader) -> ChatServerConfiguration? {
    let url = baseURL(&reader)
    let model = model(&reader)
    let key = reader.value("key").flatMap { reader.secret($0, "key") }
    if let url, key != nil, WebAddress.isInTheClear(url) {
      faults.warning(reader.range(of: "url"), "the key and all messages travel in the clear", hint: "use https://")
    }
    var result = ChatServerConfiguration(url: url ?? "", model: model, key: key, system: reader.string("system"))
    result.parameters = parameters(&reader).map { JSONFragment(.object($0)) }
    result.tools = tools(&reader)
    result.authorityFile = reader.file("ca_file")
    return url == nil || model == nil && pattern == nil ? nil : result
  }

  private func baseURL(_ reader: inout ObjectReader) -> String? {
    guard let node = reader.required("url", hint: Self.urlHint), var url = reader.upstreamURL(node, "url") else {
      return nil
    }
    while url.hasSuffix("/") { url.removeLast() }
    if url.hasSuffix("/chat/completions") || url.contains("?") {
      faults.error(node.range, "\"url\" must be the base of the API", hint: Self.urlHint)
      return nil
    }
    return url
  }

  /// The model's name. Where a pattern says which models are meant, its `*` is the name.
  private func model(_ reader: inout ObjectReader) -> String? {
    let hint = "as the server names it, such as \"llama3.2\""
    let node = pattern?.contains("*") == true ? reader.value("model") : reader.required("model", hint: hint)
    guard let node, let model = reader.string(node, "model") else { return nil }
    if model.isEmpty { faults.error(node.range, "\"model\" is empty", hint: hint) }
    return model
  }

  private func parameters(_ reader: inout ObjectReader) -> JSONObject? {
    let own = ["model", "messages", "stream", "tools", "n"]
    guard let node = reader.value("parameters"), let parameters = reader.anyObject("parameters") else { return nil }
    if case .object(let members) = node.content {
      for member in members where own.contains(member.name) {
        faults.error(
          member.nameRange, "\"\(member.name)\" of a request is the gateway's to say",
          hint: ["model", "tools"].contains(member.name) ? "write it beside \"parameters\"" : "remove it")
      }
    }
    return parameters
  }

  private func tools(_ reader: inout ObjectReader) -> JSONFragment? {
    guard let elements = reader.elements("tools"), !elements.isEmpty else { return nil }
    var names: Set<String> = []
    for element in elements {
      guard case .string("function")? = element["type"]?.content,
        case .string(let name)? = element["function"]?["name"]?.content, !name.isEmpty
      else {
        faults.error(
          element.range, "a tool must be a function with a name",
          hint: "such as {\"type\": \"function\", \"function\": {\"name\": \"look_up\", \"parameters\": {…}}}")
        continue
      }
      if !names.insert(name).inserted { faults.error(element.range, "two tools are named \"\(name)\"") }
    }
    return JSONFragment(.array(elements.map(\.jsonValue)))
  }

  // MARK: Services

  private func service(_ reader: inout ObjectReader) -> ServiceConfiguration? {
    let url = reader.required("url", hint: "such as \"http://127.0.0.1:9000/messages\"").flatMap {
      reader.upstreamURL($0, "url")
    }
    let headers = reader.headerFields().map { UpstreamHeader(name: $0, value: $1) }
    if let url, WebAddress.isInTheClear(url),
      headers.contains(where: { if case .secret = $0.value { true } else { false } })
    {
      faults.warning(reader.range(of: "url"), "secrets and all messages travel in the clear", hint: "use https://")
    }
    var result = ServiceConfiguration(url: url ?? "", headers: headers)
    result.settings = reader.anyObject("settings").map { JSONFragment(.object($0)) }
    result.authorityFile = reader.file("ca_file")
    return url == nil ? nil : result
  }
}
