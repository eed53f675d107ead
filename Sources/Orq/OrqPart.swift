import Bytes
public import JSON

/// One piece of a message (contract §2.3).
public struct OrqPart: OrqValue {
  // What is large and rare lies out of line.
  public enum Content: Sendable, Equatable {
    case text(JSONString)
    indirect case file(OrqFile)
    /// An object. Orq writes such parts but takes none; only the release candidate of 3.13 sent them.
    case data(JSONFragment)
    indirect case toolCall(OrqToolCall)
    /// - result: any JSON; nil where the tool gave none.
    indirect case toolResult(toolCallID: String, result: JSONFragment?)
    indirect case error(JSONString, code: Int?)
    /// Only in streams of the response family.
    indirect case reasoning(OrqReasoning)
    /// The whole part, of a kind that is new to us. Never read from callers.
    case other(JSONFragment)
  }

  public var content: Content
  /// An object. Parts of text and errors have none on the wire.
  public var metadata: JSONFragment?

  public init(_ content: Content, metadata: JSONFragment? = nil) {
    self.content = content
    self.metadata = metadata
  }

  public static func text(_ text: JSONString) -> OrqPart { OrqPart(.text(text)) }
}

/// A file, within the message or elsewhere.
public struct OrqFile: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    /// Standard base64 with padding, not empty.
    case bytes(JSONString)
    case uri(JSONString)
  }

  public var content: Content
  public var mediaType: JSONString?
  public var name: JSONString?

  public init(_ content: Content, mediaType: JSONString? = nil, name: JSONString? = nil) {
    self.content = content
    self.mediaType = mediaType
    self.name = name
  }
}

/// A call of a tool, as it stands in the history of a task.
public struct OrqToolCall: Sendable, Equatable {
  public var id: String
  public var name: JSONString
  /// An object.
  public var arguments: JSONFragment
  public var thoughtSignature: JSONString?

  public init(id: String, name: JSONString, arguments: JSONFragment, thoughtSignature: JSONString? = nil) {
    self.id = id
    self.name = name
    self.arguments = arguments
    self.thoughtSignature = thoughtSignature
  }
}

/// What a model thought on its way to the answer.
public struct OrqReasoning: Sendable, Equatable {
  public var text: JSONString
  public var signature: JSONString?
  /// `reasoning_` and a ULID.
  public var id: String?

  public init(_ text: JSONString, signature: JSONString? = nil, id: String? = nil) {
    self.text = text
    self.signature = signature
    self.id = id
  }
}

// MARK: - Reading

extension OrqPart {
  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    guard let kind = reader.place(in: node, "kind"), node.kind(at: kind) == .string else {
      reader.fail(at: "kind", "Is required and must be a string.")
      content = .text("")
      return
    }
    content = OrqPart.content(kind, node, &reader)
    if case .other = content { return }
    // Kind and text are all that most parts have.
    if case .text(let text) = content, !text.isEmpty, node.count == 2 { return }
    metadata = reader.object(node, "metadata")
  }

  private static func content(_ kind: JSONPlace, _ node: JSONNode, _ reader: inout OrqReader) -> Content {
    if node.equals("text", at: kind) { return .text(reader.requiredText(node, "text")) }
    if node.equals("file", at: kind) { return file(node, &reader) }
    if node.equals("data", at: kind) { return .data(reader.requiredObject(node, "data")) }
    if node.equals("tool_result", at: kind) {
      return .toolResult(toolCallID: reader.identifier(node, "tool_call_id"), result: node["result"]?.fragment)
    }
    if node.equals("error", at: kind) {
      return .error(reader.requiredText(node, "error"), code: reader.int(node, "code"))
    }
    guard reader.author == .server else {
      reader.fail(at: "kind", "Must be text, file, data, tool_result or error.")
      return .text("")
    }
    if node.equals("tool_call", at: kind) {
      return .toolCall(
        OrqToolCall(
          id: reader.identifier(node, "tool_call_id"), name: reader.requiredText(node, "tool_name"),
          arguments: reader.requiredObject(node, "arguments"),
          thoughtSignature: reader.text(node, "thought_signature")))
    }
    if node.equals("reasoning", at: kind) {
      return .reasoning(
        OrqReasoning(
          reader.requiredText(node, "reasoning"), signature: reader.text(node, "signature"),
          id: reader.string(node, "_id")))
    }
    return .other(node.fragment)
  }

  private static func file(_ node: JSONNode, _ reader: inout OrqReader) -> Content {
    guard let file = reader.member(node, "file"), file.kind == .object else {
      reader.fail(at: "file", "Is required and must be an object.")
      return .text("")
    }
    return reader.within("file") { reader in
      let content: OrqFile.Content
      switch (reader.member(file, "bytes"), reader.member(file, "uri")) {
      case (let bytes?, nil): content = .bytes(base64(bytes, &reader))
      case (nil, _?):
        let uri = reader.requiredText(file, "uri", bytesMax: OrqLimits.uriBytesMax)
        if uri.isEmpty { reader.fail(at: "uri", "Must be a string that is not empty.") }
        content = .uri(uri)
      case (nil, nil), (_?, _?):
        reader.fail("Needs exactly one of bytes and uri.")
        content = .uri("")
      }
      return .file(
        OrqFile(
          content, mediaType: reader.text(file, "mimeType", bytesMax: OrqLimits.mediaTypeBytesMax),
          name: reader.text(file, "name", bytesMax: OrqLimits.filenameBytesMax)))
    }
  }

  /// Either alphabet, with padding or without, becomes standard base64.
  private static func base64(_ node: JSONNode, _ reader: inout OrqReader) -> JSONString {
    // Base64 needs no escapes, but some writers escape its slashes.
    guard let text = node.text, let normal = Base64.normalize(text.utf8), !normal.isEmpty else {
      reader.fail(at: "bytes", "Must be base64 and not empty.")
      return ""
    }
    return normal == text.escaped ? text : JSONString(String(decoding: normal, as: UTF8.self))
  }
}

// MARK: - Writing

extension OrqPart {
  public func write(into json: inout JSONWriter) {
    switch content {
    case .text(let text) where metadata == nil: OrqPart.write(text: text, into: &json)
    case .other(let part): json.fragment(part)
    default:
      json.beginObject()
      writeContent(into: &json)
      json.optional("metadata", metadata)
      json.endObject()
    }
  }

  /// A part of text, without one in between.
  public static func write(text: JSONString, into json: inout JSONWriter) {
    json.beginObject()
    writeContent(text, into: &json)
    json.endObject()
  }

  /// - Parameter text: valid UTF-8, not escaped yet.
  public static func write(text: Span<UInt8>, into json: inout JSONWriter) {
    json.beginObject()
    json.member("kind", "text")
    json.key("text")
    json.string(utf8: text)
    json.endObject()
  }

  private static func writeContent(_ text: JSONString, into json: inout JSONWriter) {
    json.member("kind", "text")
    json.member("text", text)
  }

  private func writeContent(into json: inout JSONWriter) {
    switch content {
    case .text(let text): OrqPart.writeContent(text, into: &json)
    case .file(let file):
      json.member("kind", "file")
      json.key("file")
      file.write(into: &json)
    case .data(let data):
      json.member("kind", "data")
      json.member("data", data)
    case .toolCall(let call):
      json.member("kind", "tool_call")
      json.member("tool_name", call.name)
      json.member("tool_call_id", call.id)
      json.member("arguments", call.arguments)
      json.optional("thought_signature", call.thoughtSignature)
    case .toolResult(let id, let result):
      json.member("kind", "tool_result")
      json.member("tool_call_id", id)
      json.optional("result", result)
    case .error(let text, let code):
      json.member("kind", "error")
      json.member("error", text)
      json.optional("code", code)
    case .reasoning(let reasoning):
      json.member("kind", "reasoning")
      json.member("reasoning", reasoning.text)
      json.optional("signature", reasoning.signature)
      json.optional("_id", reasoning.id)
    case .other: break
    }
  }
}

extension OrqFile {
  fileprivate func write(into json: inout JSONWriter) {
    json.beginObject()
    switch content {
    case .bytes(let base64): json.member("bytes", base64)
    case .uri(let uri): json.member("uri", uri)
    }
    json.optional("mimeType", mediaType)
    json.optional("name", name)
    json.endObject()
  }
}
