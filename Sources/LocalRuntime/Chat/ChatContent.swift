import Bytes
import HTTP
import JSON
import Model

/// A piece of what a user says to a model.
enum ChatContent: Equatable {
  case text(JSONString)
  /// An http(s) URL, or a data URL with the image itself.
  case image(JSONString)

  /// The media types that an agent card names.
  static let inputModes = [
    "text/plain", "application/json", "image/png", "image/jpeg", "image/gif", "image/webp",
  ]

  /// What was lost when JSON became text.
  static let dataLoss = "data_as_text"

  /// - Parameter field: where the part stands, for errors.
  init(_ part: Part, field: String) throws(AgentError) {
    switch part.content {
    case .text(let text): self = .text(text)
    case .data(let value): self = .text(JSONString(String(decoding: value.bytes, as: UTF8.self)))
    case .raw(let base64): self = try Self.file(base64, part, field)
    case .url(let url):
      guard Self.mediaType(part)?.type == "image" else { throw Self.refusal(part, field) }
      guard URI(url.string) != nil else { throw .invalidField("\(field).url", "must be an http or https URL") }
      self = .image(url)
    }
  }

  /// A part of an earlier message. What a model cannot be given is named, so that it knows of it.
  init(earlier part: Part) {
    do {
      try self.init(part, field: "")
    } catch {
      let name = part.filename?.string ?? part.mediaType?.string ?? "unnamed"
      self = .text(JSONString("[file: \(name.prefix(200))]"))
    }
  }

  private static func file(
    _ base64: JSONString, _ part: Part, _ field: String
  ) throws(AgentError) -> ChatContent {
    guard let type = mediaType(part) else { throw refusal(part, field) }
    if type.type == "image" {
      var url = JSONString("data:\(type.type)/\(type.subtype);base64,")
      url.append(base64)
      return .image(url)
    }
    let isText =
      type.type == "text" || ["json", "xml", "yaml"].contains(type.subtype) || type.subtype.hasSuffix("+json")
      || type.subtype.hasSuffix("+xml")
    guard isText, let bytes = Base64.decode(base64.utf8), UTF8Scan.isValid(bytes.span) else {
      throw refusal(part, field)
    }
    return .text(JSONString(String(decoding: bytes, as: UTF8.self)))
  }

  private static func mediaType(_ part: Part) -> MediaType? { part.mediaType.flatMap { MediaType($0.string) } }

  private static func refusal(_ part: Part, _ field: String) -> AgentError {
    let type = part.mediaType.map { "\"\($0.string.prefix(80))\"" } ?? "a file without a media type"
    let text = "this agent takes text, files of text and images, not \(type)"
    return AgentError(
      .contentTypeNotSupported, "\(field): \(text)",
      fieldViolations: [AgentError.FieldViolation(field: field, description: text)])
  }
}
