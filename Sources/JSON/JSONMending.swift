extension JSONDocument {
  /// Parses what another service says: half of a surrogate pair, as programs whose strings are UTF-16 leave behind where
  /// they cut a text, becomes U+FFFD, as everywhere on the web. All else is as strict as ``parse(_:limits:)``.
  public static func parseMending(_ bytes: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONDocument {
    do {
      return try parse(bytes, limits: limits)
    } catch {
      guard error.kind == .invalidUTF8, let mended = mended(bytes) else { throw error }
      return try parse(mended, limits: limits)
    }
  }

  /// nil where there is nothing to mend.
  private static func mended(_ bytes: [UInt8]) -> [UInt8]? {
    var result = bytes
    var isMended = false
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\") else {
        index += 1
        continue
      }
      guard let unit = JSONLexer.codeUnit(bytes.span, at: index) else {
        index += 2
        continue
      }
      if unit & 0xFC00 == 0xD800, let low = JSONLexer.codeUnit(bytes.span, at: index + 6), low & 0xFC00 == 0xDC00 {
        index += 12
        continue
      }
      if unit & 0xF800 == 0xD800 {
        result.replaceSubrange(index + 2..<index + 6, with: "FFFD".utf8)
        isMended = true
      }
      index += 6
    }
    return isMended ? result : nil
  }
}
