import JSON
import Model

/// Events as short texts, which read well in expectations.
extension TurnEvent {
  var text: String {
    switch self {
    case .refused(let error):
      "refused \(error.kind)" + (error.retryAfterSeconds.map { " after \($0)" } ?? "") + ": \(error.message)"
    case .status(let state, let message, let metadata): "\(state)" + (message?.parts ?? []).said + metadata.said
    case .artifact(let artifact, let append, let last, _):
      "artifact \(artifact.artifactID)\(append ? " +" : "")\(last ? " last" : "")" + artifact.parts.said
    case .text(let artifactID, let texts): "artifact \(artifactID) + \(JSONString(texts).string)"
    case .awaitingApproval(let message, _): "awaiting approval" + (message?.parts ?? []).said
    case .reply(let message): "reply" + message.parts.said + message.metadata.said
    case .said(let message): "said" + message.parts.said
    case .taskMetadata(let name, let value): "\(name) = \(value.said)"
    case .backendState(let state): "state = \(state.said)"
    case .loss(let name): "loss \(name)"
    case .answered(let answer): answer.events.map(\.text).joined(separator: ", ")
    }
  }
}

extension JSONFragment {
  fileprivate var said: String { String(decoding: bytes, as: UTF8.self) }
}

extension JSONFragment? {
  fileprivate var said: String { map { " \($0.said)" } ?? "" }
}

extension [Part] {
  fileprivate var said: String {
    if isEmpty { return "" }
    return ": "
      + map { part in
        switch part.content {
        case .text(let text): text.string
        case .raw(let raw): "raw(\(raw.string))"
        case .url(let url): "url(\(url.string))"
        case .data(let data): data.said
        }
      }.joined(separator: " | ")
  }
}
