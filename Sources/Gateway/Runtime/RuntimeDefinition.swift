internal import Configuration
internal import JSON
internal import Model
internal import Orq

/// An agent as a call defines it, checked: what of it the runtime can do, and what it cannot.
///
/// What would only be missed (knowledge bases, memory, tools that run elsewhere) is kept, shown, and named as a loss with
/// every task. What somebody would rely on without getting it (guardrails, approvals) is refused.
struct RuntimeDefinition: Sendable {
  /// As stated, by the contract's names.
  let members: JSONObject
  let profile: OrqCreateRequest
  let settings: OrqDefinedSettings
  /// Names of what is stated and not done.
  let losses: [String]
  /// What the model is told before the conversation, in paragraphs.
  private let prompt: [PromptTemplate]
  private let tellsDate: Bool

  var agent: OrqAgentDefinition { profile.agent }
  /// The model, then those that take its place.
  var models: [OrqModel] { [agent.model] + agent.fallbackModels }
  var functions: [OrqFunction] { settings.tools.compactMap(\.function) }

  /// Stands for the card file that an agent of a call does not have.
  var cardFile: CardFile {
    var file = CardFile(file: "an agent made by a call", key: agent.key, backend: .local(.echo))
    file.card.iconURL = agent.iconURL
    return file
  }

  /// The gateway's bounds, with the definition's own where they are narrower.
  func limits(within gateway: Limits) -> Limits {
    var limits = gateway
    if let seconds = settings.executionSecondsMax {
      limits.turns.taskTime = min(.seconds(seconds), limits.turns.taskTime)
    }
    return limits
  }

  static let bytesMax = 256 * 1024
  private static let functionNameBytesMax = 64
  /// Members of a request to a model that are the gateway's to say.
  private static let ownParameters = ["model", "messages", "stream", "stream_options", "tools", "n"]

  /// - Parameter members: of `create`, or of `run` with what `run` leaves out.
  /// - Throws: all that is wrong, in words for the caller.
  init(_ members: JSONObject) throws(AgentError) {
    let text = JSONFragment(.object(members))
    guard text.bytes.count <= RuntimeDefinition.bytesMax else {
      throw AgentError(.invalidParams, "the agent's definition is longer than \(RuntimeDefinition.bytesMax) bytes")
    }
    self.members = members
    do throws(OrqFault) {
      profile = try OrqCreateRequest.decode(text.document.root)
    } catch {
      throw AgentError(error)
    }
    do throws(OrqFault) {
      settings = try OrqDefinedSettings.decode(profile.agent.settings.document.root)
    } catch {
      throw AgentError(error, below: "settings")
    }
    let engine = profile.engine ?? .text
    var prompt: [PromptTemplate] = []
    if let system = profile.agent.systemPrompt, !system.isEmpty {
      prompt.append(try PromptTemplate(system.string, engine, field: "system_prompt"))
    }
    prompt.append(try PromptTemplate("Role: " + profile.agent.role.string, engine, field: "role"))
    if !profile.agent.instructions.isEmpty {
      prompt.append(try PromptTemplate(profile.agent.instructions.string, engine, field: "instructions"))
    }
    self.prompt = prompt
    tellsDate = settings.tools.contains { $0.type == "current_date" }
    losses = RuntimeDefinition.losses(profile, settings)
    try checkNames()
    try RuntimeDefinition.check(settings)
  }

  private func checkNames() throws(AgentError) {
    if let fault = AgentKey.fault(agent.key) { throw .invalidField("key", "The key " + fault + ".") }
    if agent.role.isEmpty { throw .invalidField("role", "Must not be empty.") }
    for (index, model) in models.enumerated() {
      let field = index == 0 ? "model" : "fallback_models[\(index - 1)]"
      if model.id.isEmpty { throw .invalidField(field, "Must name a model, as provider/model.") }
      for name in RuntimeDefinition.ownParameters where model.parameters?.document.root.member(named: name) != nil {
        throw .invalidField("\(field).parameters.\(name)", "Is the gateway's to say.")
      }
    }
  }

  private static func check(_ settings: OrqDefinedSettings) throws(AgentError) {
    if let guardrails = settings.guardrails, guardrails.document.root.count > 0 {
      throw .invalidField("settings.guardrails", "This gateway runs none, so that nothing would be guarded.")
    }
    var names: Set<String> = []
    for (index, tool) in settings.tools.enumerated() {
      let field = "settings.tools[\(index)]"
      let needsApproval =
        settings.toolApproval == .all || settings.toolApproval != OrqSettings.ToolApproval.none && tool.requiresApproval
      if needsApproval {
        throw .invalidField(
          field,
          "Nobody can approve tools here, so that none can require it: functions are run by the caller, who decides.")
      }
      guard tool.type == "function" else { continue }
      guard let function = tool.function else {
        throw .invalidField("\(field).function", "Is required: this gateway keeps no functions to refer to.")
      }
      let isName = function.name.utf8.allSatisfy { byte in
        "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8.contains(byte)
      }
      guard isName, function.name.utf8.count <= functionNameBytesMax else {
        throw .invalidField("\(field).function.name", "Must be at most 64 letters, digits, _ and -.")
      }
      guard names.insert(function.name).inserted else {
        throw .invalidField("\(field).function.name", "Another function has this name.")
      }
    }
  }

  private static func losses(_ profile: OrqCreateRequest, _ settings: OrqDefinedSettings) -> [String] {
    var losses: [String] = []
    let agent = profile.agent
    if !agent.knowledgeBases.isEmpty { losses.append("knowledge_bases") }
    if !agent.memoryStores.isEmpty { losses.append("memory_stores") }
    if !agent.teamOfAgents.isEmpty { losses.append("team_of_agents") }
    if settings.tools.contains(where: { $0.type != "function" && $0.type != "current_date" }) {
      losses.append("tools")
    }
    if let evaluators = settings.evaluators, evaluators.document.root.count > 0 { losses.append("evaluators") }
    if let cost = settings.costMax?.double, cost > 0 { losses.append("max_cost") }
    if ([agent.model] + agent.fallbackModels).contains(where: { $0.retry != nil }) { losses.append("model_retry") }
    return losses
  }

  /// What the model is told, with the values of this call's variables, else the agent's own.
  func prompt(variables: JSONNode?, at time: Timestamp) throws(AgentError) -> String {
    let values = [variables, profile.variables?.document.root].compactMap { $0 }
    var paragraphs: [String] = []
    for template in prompt { paragraphs.append(try template.rendered(values)) }
    if tellsDate { paragraphs.append("The current date and time are \(time.text) (UTC).") }
    return paragraphs.joined(separator: "\n\n")
  }

  /// Tools of a chat-completions request; nil where there are none.
  var chatTools: [JSONValue] {
    functions.map { function in
      JSONFragment { json in function.writeTool(into: &json) }.value
    }
  }
}

extension AgentError {
  /// - Parameter member: in which the faults are.
  init(_ fault: OrqFault, below member: String) {
    self.init(
      OrqFault(
        fault.violations.map { violation in
          OrqFault.Violation(
            field: violation.field.isEmpty ? member : "\(member).\(violation.field)",
            description: violation.description)
        }))
  }
}
