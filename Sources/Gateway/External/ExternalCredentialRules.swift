internal import Bytes
internal import Configuration
internal import HTTP
internal import Orq

/// Which credentials a call may state.
enum ExternalCredentialRules {
  /// - Throws: a fault that names the member, never its value.
  static func check(_ credentials: OrqExternalCredentials) throws(ExternalFault) {
    let isText: (UInt8) -> Bool = { $0 >= 0x20 && $0 != 0x7F }
    func check(_ name: String, _ text: String, _ isGood: (UInt8) -> Bool, _ what: String) throws(ExternalFault) {
      guard text.utf8.allSatisfy(isGood) else { throw ExternalFault(.invalid, "credentials.\(name): \(what)") }
    }
    switch credentials {
    case .bearer(let token): try check("token", token, ASCII.isVisible, "a token holds visible ASCII characters only")
    case .apiKey(let name, let location, let value):
      guard name.utf8.allSatisfy(ASCII.isToken) else {
        throw ExternalFault(.invalid, "credentials.name: a name is made of letters, digits and hyphens")
      }
      switch location {
      case .header:
        guard !ExternalHeaderRules.isOwn(name) else {
          throw ExternalFault(.invalid, "credentials.name: the header \(name) is the gateway's own to write")
        }
        try check("value", value, { $0 == 0x20 || ASCII.isVisible($0) }, "a key holds visible ASCII characters only")
      case .query: break
      case .cookie:
        // RFC 6265 §4.1.1.
        let refused = Set("\",;\\".utf8)
        try check("value", value, { ASCII.isVisible($0) && !refused.contains($0) }, "this cannot be in a cookie")
      }
    case .basic(let user, let password):
      // RFC 7617 §2: the first colon ends the name.
      guard !user.contains(":") else { throw ExternalFault(.invalid, "credentials.user: must not hold a colon") }
      try check("user", user, isText, "holds control characters")
      try check("password", password, isText, "holds control characters")
    case .oauth2(let client):
      guard URI(client.tokenURL) != nil else {
        throw ExternalFault(.invalid, "credentials.token_url: Must be an http or https URL.")
      }
    case .mutualTLS: break
    }
  }

  /// One call proves once who sends it.
  ///
  /// - Parameter headers: names of those that calls carry.
  static func check(_ credentials: ExternalCredentials?, beside headers: [String]) throws(ExternalFault) {
    let taken: String
    switch credentials {
    case nil, .mutualTLS, .apiKey(_, .query, _): return
    case .bearer, .basic, .oauth2: taken = "authorization"
    case .apiKey(let name, .header, _): taken = name.lowercased()
    case .apiKey(_, .cookie, _): taken = "cookie"
    }
    guard let header = headers.first(where: { $0.lowercased() == taken }) else { return }
    throw ExternalFault(.invalid, "headers.\(header): the credentials write this header; leave one of the two out")
  }
}
