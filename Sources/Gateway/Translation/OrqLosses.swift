internal import A2A
internal import JSON

/// What the Orq face could not carry to its caller, for the log.
struct OrqLosses: OptionSet, Sendable, Hashable {
  let rawValue: UInt16

  /// Orq's texts have no media type.
  static let partMediaType = OrqLosses(rawValue: 1 << 0)
  /// Orq's texts and data have no file name.
  static let partFilename = OrqLosses(rawValue: 1 << 1)
  /// Orq's texts have no metadata.
  static let partMetadata = OrqLosses(rawValue: 1 << 2)
  /// Data that is no object was wrapped as `{"value": …}`.
  static let dataWrapped = OrqLosses(rawValue: 1 << 3)
  /// Artifacts become parts of one message: their names, descriptions and metadata have no place.
  static let artifactNames = OrqLosses(rawValue: 1 << 4)
  /// An artifact took the place of one that the stream had told already; the caller has both.
  static let artifactReplaced = OrqLosses(rawValue: 1 << 5)
  /// What an agent tells of its activities on the way, in metadata, has no place.
  static let activity = OrqLosses(rawValue: 1 << 6)
  /// Of progress in the response family only texts are told.
  static let progress = OrqLosses(rawValue: 1 << 7)
  /// The agent counts its usage in a way that Orq has no words for.
  static let usage = OrqLosses(rawValue: 1 << 8)
  /// `run` defined the agent; an agent of this gateway is what its operator made it.
  static let agentDefinition = OrqLosses(rawValue: 1 << 9)

  private static let names: [(OrqLosses, String)] = [
    (.partMediaType, "part_media_type"), (.partFilename, "part_filename"), (.partMetadata, "part_metadata"),
    (.dataWrapped, "data_wrapped"), (.artifactNames, "artifact_names"), (.artifactReplaced, "artifact_replaced"),
    (.activity, "activity"), (.progress, "progress"), (.usage, "usage"),
    (.agentDefinition, "agent_definition"),
  ]

  /// Stable names for logs and metrics.
  var names: [String] { OrqLosses.names.filter { contains($0.0) }.map(\.1) }

  /// Names losses in the metadata of a task, under the gateway's URI, beside those that stand there.
  static func state(_ losses: OrqLosses, in metadata: inout JSONObject) {
    if losses.isEmpty { return }
    let uri = GatewayExtension.uri.description
    var ours = metadata[uri]?.object ?? [:]
    let stated = ours["losses"]?.array ?? []
    ours["losses"] = .array(stated + losses.names.map { .string($0) }.filter { !stated.contains($0) })
    metadata[uri] = .object(ours)
  }

  /// A task that somebody else has written, with losses named in its metadata and everything else as it is.
  ///
  /// - Returns: nil for what is no object.
  static func stated(_ losses: OrqLosses, in task: [UInt8]) -> [UInt8]? {
    if losses.isEmpty { return task }
    guard let fragment = try? JSONFragment.parse(task), fragment.kind == .object else { return nil }
    var metadata = fragment.document.root["metadata"]?.value.object ?? [:]
    state(losses, in: &metadata)
    return fragment.setting("metadata", to: JSONFragment(.object(metadata))).bytes
  }
}
