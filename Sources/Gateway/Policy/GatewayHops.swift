internal import HTTP

/// The gateways of this kind that a call has come through, as `Via` tells them (RFC 9110 §7.6.3): agents that call each
/// other in a circle would otherwise send a message round for ever.
enum GatewayHops {
  private static let prefix = "a2a-gateway-"
  /// More than any honest chain has.
  static let hopsMax = 8

  /// What a deployment calls itself.
  static func name(deployment id: String) -> String { prefix + id }

  /// Names of gateways in a request's fields, the first one first; others on the way are not told.
  static func names(_ fields: HTTPFields) -> [String] {
    guard fields.contains("via") else { return [] }
    return fields.values("via").flatMap { $0.split(separator: ",") }.compactMap { hop in
      // The protocol, the name, and perhaps a comment.
      let words = hop.split { $0 == " " || $0 == "\t" }
      return words.count >= 2 && words[1].hasPrefix(prefix) ? String(words[1]) : nil
    }
  }

  /// The field of a call that goes on.
  static func field(_ names: [String]) -> String { names.map { "1.1 \($0)" }.joined(separator: ", ") }

  /// Why a request that came through these gateways goes no further; nil if it does.
  static func refusal(of names: [String], at own: String) -> String? {
    if names.contains(own) {
      return "this request has come through this gateway before: its agents call each other in a circle"
    }
    return names.count > hopsMax ? "this request has come through more than \(hopsMax) gateways" : nil
  }
}
