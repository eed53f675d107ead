import Bytes
import JSON
import Model

/// What an agent reads (a program on its standard input, a service as a request): one JSON line, or the message's text
/// alone.
enum AgentInput {
  /// The version of the protocol, which every line carries.
  static let version = 1

  static func line(_ turn: Turn, settings: JSONFragment?) -> [UInt8] {
    var writer = JSONWriter(reserving: 1024)
    writer.beginObject()
    writer.member("protocol", version)
    writer.member("agent", turn.agentKey)
    writer.member("taskId", turn.taskID)
    writer.member("contextId", turn.contextID)
    writer.member("messageId", turn.message.messageID)
    writer.member("principal", turn.principal)
    writer.member("continuation", turn.isContinuation)
    writer.member("text", text(turn.message))
    writer.key("message")
    message(turn.message, &writer)
    writer.key("history")
    writer.beginArray()
    for earlier in turn.history { message(earlier, &writer) }
    writer.endArray()
    if let metadata = turn.metadata { writer.member("metadata", metadata) }
    if let settings { writer.member("settings", settings) }
    writer.endObject()
    return writer.finish() + [0x0A]
  }

  /// The text parts of a message, one below the other.
  static func text(_ message: Message) -> String {
    message.parts.compactMap { part in
      if case .text(let text) = part.content { text.string } else { nil }
    }.joined(separator: "\n")
  }

  /// The shape of A2A 1.0, with roles as words.
  private static func message(_ message: Message, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("messageId", message.messageID)
    writer.member("role", message.role == .user ? "user" : "agent")
    writer.key("parts")
    writer.beginArray()
    for part in message.parts { self.part(part, &writer) }
    writer.endArray()
    if let metadata = message.metadata { writer.member("metadata", metadata) }
    writer.endObject()
  }

  private static func part(_ part: Part, _ writer: inout JSONWriter) {
    writer.beginObject()
    switch part.content {
    case .text(let text): writer.member("text", text)
    case .raw(let base64): writer.member("raw", base64)
    case .url(let url): writer.member("url", url)
    case .data(let value): writer.member("data", value)
    }
    if let mediaType = part.mediaType { writer.member("mediaType", mediaType) }
    if let filename = part.filename { writer.member("filename", filename) }
    if let metadata = part.metadata { writer.member("metadata", metadata) }
    writer.endObject()
  }
}
