import Bytes
import JSON
import Model

// Parts of the three dialects (A2A 1.0 §4.1.6, 0.3 §6.5). In 1.0 the member that is present says what a part is, in
// 0.3 JSON-RPC `kind` says it, in 0.3 REST `text`, `file` or `data` is present and holds a wrapper.

extension FieldReader {
  mutating func parts(_ parent: JSONNode, _ name: StaticString) -> [Part] {
    let before = violations.count
    guard let list = array(parent, name, max: A2ALimits.partsMax), list.count > 0 else {
      // An agent may send an artifact or a status message without content; it is not ours to refuse.
      if author == .caller, violations.count == before { fail(at: name, "Is required and must not be empty.") }
      return []
    }
    return within(name) { reader in
      // As in most messages.
      if list.count == 1, let only = list.first { return [reader.within(index: 0) { $0.part(only) }] }
      var parts: [Part] = []
      parts.reserveCapacity(list.count)
      list.forEachElement { node in
        let part = reader.within(index: parts.count) { $0.part(node) }
        parts.append(part)
      }
      return parts
    }
  }

  private mutating func part(_ node: JSONNode) -> Part {
    guard node.kind == .object else {
      fail("Must be an object.")
      return FieldReader.filler
    }
    return switch dialect {
    case .v1: partV1(node)
    case .v03JSONRPC: partV03(node)
    case .v03REST: partV03REST(node)
    }
  }

  /// Returned beside a fault; never seen by anybody.
  private static let filler = Part(.text(""))

  // MARK: 1.0

  private mutating func partV1(_ node: JSONNode) -> Part {
    let text = place(in: node, "text")
    // Text and nothing besides, as most parts are.
    if let text, node.count == 1 { return Part(.text(contentText(node, text, "text"))) }
    let raw = place(in: node, "raw")
    let url = place(in: node, "url")
    var data = node.place(of: "data")
    // `"data": null` is content (the JSON value null), but only where nothing else is.
    if let value = data, node.kind(at: value) == .null, text != nil || raw != nil || url != nil { data = nil }
    let count = (text == nil ? 0 : 1) + (raw == nil ? 0 : 1) + (url == nil ? 0 : 1) + (data == nil ? 0 : 1)
    guard count == 1 else {
      fail(count == 0 ? "Needs one of text, raw, url and data." : "Must have only one of text, raw, url and data.")
      return FieldReader.filler
    }
    let content: Part.Content
    if let text {
      content = .text(contentText(node, text, "text"))
    } else if let raw {
      content = .raw(base64(node[raw], "raw"))
    } else if let url {
      content = .url(uri(node[url], "url"))
    } else {
      content = .data(data.map { node.fragment(at: $0) } ?? JSONFragment(.null))
    }
    return Part(
      content, mediaType: self.text(node, "mediaType", "media_type", bytesMax: A2ALimits.mediaTypeBytesMax),
      filename: self.text(node, "filename", bytesMax: A2ALimits.filenameBytesMax), metadata: metadata(node))
  }

  // MARK: 0.3 JSON-RPC

  private enum Kind { case text, file, data }

  private mutating func partV03(_ node: JSONNode) -> Part {
    switch kindV03(node) {
    case .text: return textPartV03(node)
    case .file:
      guard let file = requiredObject(node, "file") else { return FieldReader.filler }
      return within("file") { reader in
        reader.filePart(file, bytes: "bytes", nil, uri: "uri", nil, metadata: reader.metadataV03(of: node))
      }
    case .data: return dataPart(node, metadataOf: node)
    case nil: return FieldReader.filler
    }
  }

  /// The official clients leave no `kind` out, but their servers accept its absence where the content is clear.
  private mutating func kindV03(_ node: JSONNode) -> Kind? {
    if let kind = place(in: node, "kind") {
      if node.equals("text", at: kind) { return .text }
      if node.equals("file", at: kind) { return .file }
      if node.equals("data", at: kind) { return .data }
      fail(at: "kind", "Must be text, file or data.")
      return nil
    }
    let candidates: [(StaticString, Kind)] = [("text", .text), ("file", .file), ("data", .data)]
    let present = candidates.filter { node[$0.0].map { !$0.isNull } ?? false }
    guard present.count == 1 else {
      fail(at: "kind", "Is required.")
      return nil
    }
    return present[0].1
  }

  private mutating func textPartV03(_ node: JSONNode) -> Part {
    guard let text = place(in: node, "text") else {
      fail(at: "text", "Is required.")
      return FieldReader.filler
    }
    var part = Part(.text(contentText(node, text, "text")))
    guard let metadata = object(node, "metadata") else { return part }
    guard let kept = metadata[GatewayExtension.uri], kept.kind == .object else {
      part.metadata = metadata.fragment
      return part
    }
    // What our own encoder put there for want of a slot.
    within("metadata") { reader in
      part.mediaType = reader.text(kept, "mediaType", bytesMax: A2ALimits.mediaTypeBytesMax)
      part.filename = reader.text(kept, "filename", bytesMax: A2ALimits.filenameBytesMax)
    }
    part.metadata = metadata.fragment.without(GatewayExtension.uri)
    return part
  }

  // MARK: 0.3 REST

  private mutating func partV03REST(_ node: JSONNode) -> Part {
    let text = place(in: node, "text")
    let file = member(node, "file")
    let data = member(node, "data")
    guard (text == nil ? 0 : 1) + (file == nil ? 0 : 1) + (data == nil ? 0 : 1) == 1 else {
      fail("Needs exactly one of text, file and data.")
      return FieldReader.filler
    }
    if let text { return Part(.text(contentText(node, text, "text")), metadata: metadata(node)) }
    if let file {
      return within("file") { reader in
        guard file.kind == .object else {
          reader.fail("Must be an object.")
          return FieldReader.filler
        }
        return reader.filePart(
          file, bytes: "fileWithBytes", "file_with_bytes", uri: "fileWithUri", "file_with_uri",
          metadata: reader.metadataV03(of: node))
      }
    }
    guard let data = object(node, "data") else { return FieldReader.filler }
    return within("data") { $0.dataPart(data, metadataOf: node) }
  }

  // MARK: Shared by both dialects of 0.3

  private mutating func metadataV03(of part: JSONNode) -> JSONFragment? {
    guard let node = part["metadata"], !node.isNull else { return nil }
    guard node.kind == .object else {
      fail("Must have an object as metadata.")
      return nil
    }
    return node.fragment
  }

  private mutating func filePart(
    _ file: JSONNode, bytes: StaticString, _ bytesOriginal: StaticString?, uri: StaticString,
    _ uriOriginal: StaticString?, metadata: JSONFragment?
  ) -> Part {
    let inline = member(file, bytes, bytesOriginal)
    let reference = member(file, uri, uriOriginal)
    let content: Part.Content
    switch (inline, reference) {
    case (let inline?, nil): content = .raw(base64(inline, bytes))
    case (nil, let reference?): content = .url(self.uri(reference, uri))
    case (nil, nil), (_?, _?):
      fail("Needs exactly one of \(bytes) and \(uri).")
      return FieldReader.filler
    }
    return Part(
      content, mediaType: text(file, "mimeType", "mime_type", bytesMax: A2ALimits.mediaTypeBytesMax),
      filename: text(file, "name", bytesMax: A2ALimits.filenameBytesMax), metadata: metadata)
  }

  /// An object in `data`; with the mark of ``DataPartCompat``, the value that it wraps.
  private mutating func dataPart(_ holder: JSONNode, metadataOf part: JSONNode) -> Part {
    guard let data = member(holder, "data"), data.kind == .object else {
      fail(at: "data", "Is required and must be an object.")
      return FieldReader.filler
    }
    let metadata = metadataV03(of: part)
    guard let mark = part["metadata"]?[DataPartCompat.flag], mark.bool == true, let value = data["value"] else {
      return Part(.data(data.fragment), metadata: metadata)
    }
    return Part(
      .data(value.fragment), metadata: metadata?.without(DataPartCompat.flag))
  }

  // MARK: Content

  private mutating func contentText(_ part: JSONNode, _ place: JSONPlace, _ name: StaticString) -> JSONString {
    guard let text = part.text(at: place) else {
      fail(at: name, "Must be a string.")
      return ""
    }
    return text
  }

  private mutating func uri(_ node: JSONNode, _ name: StaticString) -> JSONString {
    guard let text = node.text, !text.isEmpty else {
      fail(at: name, "Must be a string that is not empty.")
      return ""
    }
    if author == .caller, text.escaped.count > A2ALimits.uriBytesMax {
      fail(at: name, "Must not be longer than \(A2ALimits.uriBytesMax) bytes.")
    }
    return text
  }

  /// Standard padded base64 of either alphabet's input. 0.3 REST has the base64 text itself once more in base64, since
  /// its reference server puts that text into a bytes field; a single layer is read as well, where the inner bytes are
  /// no base64 text.
  private mutating func base64(_ node: JSONNode, _ name: StaticString) -> JSONString {
    guard let text = node.text, let normal = Base64.normalize(FieldReader.plainBytes(of: text)) else {
      fail(at: name, "Must be base64.")
      return ""
    }
    if dialect == .v03REST, let inner = Base64.decode(normal), FieldReader.isPaddedBase64(inner),
      let content = Base64.normalize(inner)
    {
      return JSONString(String(decoding: content, as: UTF8.self))
    }
    return normal == text.escaped ? text : JSONString(String(decoding: normal, as: UTF8.self))
  }

  /// Base64 needs no escapes, but some writers escape its slashes.
  private static func plainBytes(of text: JSONString) -> [UInt8] {
    let escaped = text.escaped
    return escaped.contains(UInt8(ascii: "\\")) ? Array(text.string.utf8) : escaped
  }

  private static func isPaddedBase64(_ bytes: [UInt8]) -> Bool {
    guard !bytes.isEmpty, bytes.count % 4 == 0 else { return false }
    return bytes.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
        true
      default: false
      }
    }
  }
}
