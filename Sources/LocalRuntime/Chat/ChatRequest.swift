import JSON

/// Writes the body of a chat-completions request.
enum ChatRequest {
  static func body(_ server: ChatEngine.Server, _ messages: [ChatMessage]) -> [UInt8] {
    var writer = JSONWriter(reserving: 4096)
    writer.beginObject()
    writer.member("model", server.model)
    writer.key("messages")
    writer.beginArray()
    if let system = server.system {
      writer.beginObject()
      writer.member("role", "system" as StaticString)
      writer.member("content", system)
      writer.endObject()
    }
    for message in messages { write(message, &writer) }
    writer.endArray()
    writer.member("stream", true)
    if let tools = server.tools { writer.member("tools", tools) }
    var parameters = server.parameters?.value.object ?? [:]
    // Without it most servers keep the usage of a stream to themselves; some know no such member, so it can be set to null.
    let options = parameters.removeValue("stream_options") ?? ["include_usage": true]
    if options != .null { writer.member("stream_options", options) }
    for (name, value) in parameters.members {
      writer.key(string: name)
      writer.value(value)
    }
    writer.endObject()
    return writer.finish()
  }

  private static func write(_ message: ChatMessage, _ writer: inout JSONWriter) {
    writer.beginObject()
    switch message {
    case .user(let content):
      writer.member("role", "user" as StaticString)
      writer.key("content")
      write(content, &writer)
    case .assistant(let text, let calls):
      writer.member("role", "assistant" as StaticString)
      writer.key("content")
      if text.isEmpty { writer.null() } else { writer.string(text) }
      if !calls.isEmpty { writer.member("tool_calls", .array(calls.map(\.spoken))) }
    case .tool(let id, let result):
      writer.member("role", "tool" as StaticString)
      writer.member("tool_call_id", id)
      writer.member("content", result)
    }
    writer.endObject()
  }

  /// Text alone goes as text: servers of models without eyes know nothing else.
  private static func write(_ content: [ChatContent], _ writer: inout JSONWriter) {
    let texts = content.compactMap { if case .text(let text) = $0 { text } else { nil } }
    if texts.count == content.count { return writer.string(ChatConversation.joined(texts)) }
    writer.beginArray()
    for piece in content {
      writer.beginObject()
      switch piece {
      case .text(let text):
        writer.member("type", "text" as StaticString)
        writer.member("text", text)
      case .image(let url):
        writer.member("type", "image_url" as StaticString)
        writer.key("image_url")
        writer.beginObject()
        writer.member("url", url)
        writer.endObject()
      }
      writer.endObject()
    }
    writer.endArray()
  }
}
