internal import Configuration
internal import JSON
internal import Model
internal import Orq
internal import Telemetry

/// Makes what is served of what is kept.
struct RuntimeAgentMaker {
  let builder: RegistryBuilder
  let models: RuntimeModels

  /// - Throws: ``StartError`` naming what cannot be read of `runtime.models`.
  init(_ builder: RegistryBuilder) throws {
    self.builder = builder
    models = try RuntimeModels(builder.configuration.runtime)
  }

  /// - Parameter earlier: what it takes the place of.
  /// - Throws: what is wrong with the definition.
  func agent(_ record: RuntimeAgentRecord, replacing earlier: ExposedAgent?) throws(AgentError) -> ExposedAgent {
    let definition = try RuntimeDefinition(record.current.members)
    let backend = RuntimeBackend(
      definition, version: record.current.number.text, models: models, builder.configuration.limits, builder.logger)
    return builder.agent(
      definition.cardFile, backend: backend, backend.limits, record: record, replacing: earlier)
  }

  /// What earlier runs have kept. A file that cannot be used is told of and left where it is.
  func restored(from state: StateDirectory?) -> [(record: RuntimeAgentRecord, agent: ExposedAgent)] {
    let names = state?.names(in: RuntimeAgentRecord.folder, suffix: ".json") ?? []
    return names.compactMap { name in
      do {
        guard let bytes = try state?.read(name) else { return nil }
        let record = try RuntimeAgentRecord(bytes)
        guard RuntimeAgentRecord.fileName(record.key) == name else {
          throw RuntimeAgentRecord.RecordFault("it is named after another agent")
        }
        let agent = try agent(record, replacing: nil)
        tellOfMissingEngine(agent)
        return (record, agent)
      } catch {
        let reason =
          switch error {
          case let fault as RuntimeAgentRecord.RecordFault: fault.reason
          case let fault as AgentError: fault.message
          default: "\(error)"
          }
        builder.logger.error(
          "an agent that a call made cannot be brought back; its file is left as it is",
          ["file": .string(name), "reason": .string(reason)])
        return nil
      }
    }
  }

  private func tellOfMissingEngine(_ agent: ExposedAgent) {
    guard let backend = agent.backend as? RuntimeBackend, backend.candidates.isEmpty else { return }
    builder.logger.warning(
      "no engine runs the model of an agent that a call made; add the model to runtime.models",
      ["agent": .string(agent.key), "model": .string(backend.definition.agent.model.id)])
  }
}
