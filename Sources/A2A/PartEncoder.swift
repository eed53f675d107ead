import Bytes
public import JSON
public import Model

extension WireEncoder {
  public mutating func part(_ part: Part, into json: inout JSONWriter) {
    json.beginObject()
    switch dialect {
    case .v1: partV1(part, into: &json)
    case .v03JSONRPC: partV03(part, into: &json)
    case .v03REST: partV03REST(part, into: &json)
    }
    json.endObject()
  }

  private func partV1(_ part: Part, into json: inout JSONWriter) {
    switch part.content {
    case .text(let text): json.member("text", text)
    case .raw(let base64): json.member("raw", base64)
    case .url(let url): json.member("url", url)
    case .data(let value): json.member("data", value)
    }
    if let filename = part.filename { json.member("filename", filename) }
    if let mediaType = part.mediaType { json.member("mediaType", mediaType) }
    if let metadata = part.metadata { json.member("metadata", metadata) }
  }

  private mutating func partV03(_ part: Part, into json: inout JSONWriter) {
    switch part.content {
    case .text(let text):
      json.member("kind", "text")
      json.member("text", text)
      textMetadata(part, into: &json)
    case .raw(let base64):
      json.member("kind", "file")
      file(part, member: "bytes", base64, into: &json)
      if let metadata = part.metadata { json.member("metadata", metadata) }
    case .url(let url):
      json.member("kind", "file")
      file(part, member: "uri", url, into: &json)
      if let metadata = part.metadata { json.member("metadata", metadata) }
    case .data(let value):
      json.member("kind", "data")
      data(value, of: part, into: &json)
    }
  }

  private mutating func partV03REST(_ part: Part, into json: inout JSONWriter) {
    switch part.content {
    case .text(let text):
      json.member("text", text)
      loseNames(of: part)
      // The schema of the first 0.3 releases had no metadata on parts; that of 0.3.26 does.
      if let metadata = part.metadata { json.member("metadata", metadata) }
    case .raw(let base64):
      // The reference implementation puts base64 text into a bytes field, which ProtoJSON encodes once more.
      let twice = JSONString(Base64.encode(base64.escaped))
      file(part, member: "fileWithBytes", twice, into: &json)
      if let metadata = part.metadata { json.member("metadata", metadata) }
    case .url(let url):
      file(part, member: "fileWithUri", url, into: &json)
      if let metadata = part.metadata { json.member("metadata", metadata) }
    case .data(let value):
      json.beginObject("data")
      let metadata = dataObject(value, of: part, into: &json)
      json.endObject()
      self.metadata(metadata, flagged: value.kind != .object, into: &json)
    }
  }

  private func file(_ part: Part, member: StaticString, _ content: JSONString, into json: inout JSONWriter) {
    json.beginObject("file")
    json.member(member, content)
    if let mediaType = part.mediaType { json.member("mimeType", mediaType) }
    if let filename = part.filename { json.member("name", filename) }
    json.endObject()
  }

  /// A text part of 0.3 has no slot for media type and file name: over JSON-RPC they travel in its metadata.
  private mutating func textMetadata(_ part: Part, into json: inout JSONWriter) {
    guard part.mediaType != nil || part.filename != nil else {
      if let metadata = part.metadata { json.member("metadata", metadata) }
      return
    }
    if let metadata = part.metadata, metadata.document.root[GatewayExtension.uri] != nil {
      loseNames(of: part)
      json.member("metadata", metadata)
      return
    }
    var added = JSONWriter()
    added.key(GatewayExtension.uri)
    added.beginObject()
    if let mediaType = part.mediaType { added.member("mediaType", mediaType) }
    if let filename = part.filename { added.member("filename", filename) }
    added.endObject()
    json.key("metadata")
    json.raw(WireEncoder.object(added.finish(), before: part.metadata).span)
  }

  private mutating func data(_ value: JSONFragment, of part: Part, into json: inout JSONWriter) {
    let metadata = dataObject(value, of: part, into: &json)
    self.metadata(metadata, flagged: value.kind != .object, into: &json)
  }

  /// Writes the member `data`, wrapped where it is no object.
  ///
  /// - Returns: the part's own metadata, without a member that would be taken for the mark.
  private mutating func dataObject(
    _ value: JSONFragment, of part: Part, into json: inout JSONWriter
  ) -> JSONFragment? {
    loseNames(of: part)
    if value.kind == .object {
      json.member("data", value)
    } else {
      lose(.dataWrapped)
      json.beginObject("data")
      json.member("value", value)
      json.endObject()
    }
    guard let metadata = part.metadata, metadata.document.root[DataPartCompat.flag] != nil else { return part.metadata }
    // A reader would take the caller's own member for the mark and unwrap what was never wrapped.
    lose(.partMetadata)
    return metadata.without(DataPartCompat.flag)
  }

  private func metadata(_ metadata: JSONFragment?, flagged: Bool, into json: inout JSONWriter) {
    guard flagged else {
      if let metadata { json.member("metadata", metadata) }
      return
    }
    var mark = JSONWriter()
    mark.member(DataPartCompat.flag, true)
    json.key("metadata")
    json.raw(WireEncoder.object(mark.finish(), before: metadata).span)
  }

  /// An object with one more member in front; the others keep their bytes.
  ///
  /// - Parameter member: a name, a colon and a value.
  private static func object(_ member: [UInt8], before object: JSONFragment?) -> [UInt8] {
    var bytes = [UInt8(ascii: "{")]
    bytes += member
    let others = object?.bytes.dropFirst().dropLast() ?? []
    if others.contains(where: { $0 > 0x20 }) {
      bytes.append(UInt8(ascii: ","))
      bytes += others
    }
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  private mutating func loseNames(of part: Part) {
    if part.mediaType != nil { lose(.partMediaType) }
    if part.filename != nil { lose(.partFilename) }
  }
}
