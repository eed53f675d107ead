internal import Bytes

/// A media type with its parameters (RFC 9110 §8.3.1). All but parameter values is lower case.
public struct MediaType: Sendable, Equatable {
  public let type: String
  public let subtype: String
  public let parameters: [String: String]

  public init?(_ text: String) {
    let pieces = text.split(separator: ";", omittingEmptySubsequences: false).map(MediaType.trim)
    let names = pieces[0].split(separator: "/", omittingEmptySubsequences: false)
    guard text.utf8.count <= 1024, names.count == 2, names.allSatisfy(MediaType.isToken) else { return nil }
    type = names[0].lowercased()
    subtype = names[1].lowercased()
    var parameters: [String: String] = [:]
    for piece in pieces.dropFirst() where !piece.isEmpty {
      let pair = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, MediaType.isToken(pair[0]) else { return nil }
      var value = pair[1]
      if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") { value = value.dropFirst().dropLast() }
      parameters[pair[0].lowercased()] = String(value)
    }
    self.parameters = parameters
  }

  private static func isToken(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy(ASCII.isToken) }

  private static func trim(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}
