import FoundationEssentials
import Glibc

/// Where a listener binds: `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/gateway.sock`. No host names: what a name means
/// can change between two starts.
public struct BindAddress: Sendable, Hashable {
  enum Kind: Hashable {
    case ip(IPAddress, port: Int)
    case unix
  }

  /// As the socket layer reads it.
  public let text: String
  let kind: Kind

  /// nil when it is none of the three forms. A relative socket path is below `folder`.
  public init?(_ text: String, folder: String = ".") {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      // sockaddr_un holds 108 bytes with the closing zero.
      let resolved = Path.resolve(path, in: folder)
      guard !path.isEmpty, resolved.utf8.count <= 107 else { return nil }
      self.text = "unix:" + resolved
      kind = .unix
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
      return nil
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { return nil }
    } else if host.contains(":") {
      return nil
    }
    guard let address = IPAddress(String(host)) else { return nil }
    self.text = text
    kind = .ip(address, port: port)
  }

  /// True for 127.0.0.0/8 and ::1. A Unix socket is guarded by its permissions, and is not loopback: it has no URL.
  public var isLoopback: Bool {
    if case .ip(let address, _) = kind { address.isLoopback } else { false }
  }

  public var isUnix: Bool { kind == .unix }

  /// nil for a Unix socket; 0 lets the kernel choose.
  public var port: Int? {
    if case .ip(_, let port) = kind { port } else { nil }
  }

  private static func port(_ text: Substring) -> Int? {
    guard (1...5).contains(text.count), text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = Int(text),
      port <= 65_535
    else { return nil }
    return port
  }
}

/// An IPv4 or IPv6 address as bytes. An IPv4 address in IPv6 clothes (`::ffff:…`) is the IPv4 address.
struct IPAddress: Sendable, Hashable {
  /// 4 or 16.
  let bytes: [UInt8]

  init?(_ text: String) {
    var v4 = in_addr()
    if unsafe inet_pton(AF_INET, text, &v4) == 1 {
      // in_addr is four plain bytes in network order.
      bytes = unsafe withUnsafeBytes(of: &v4) { unsafe Array($0) }
      return
    }
    var v6 = in6_addr()
    guard unsafe inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    // in6_addr is sixteen plain bytes in network order.
    let all = unsafe withUnsafeBytes(of: &v6) { unsafe Array($0) }
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    bytes = Array(all.prefix(12)) == mapped ? Array(all.suffix(4)) : all
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  static let loopback = IPAddress(bytes: [127, 0, 0, 1])

  var isLoopback: Bool {
    bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
  }
}

/// A network such as `10.0.0.0/8`, or one address.
public struct AddressRange: Sendable, Hashable {
  private let address: IPAddress
  private let prefixLength: Int

  /// nil when it is neither an address nor address/prefix.
  public init?(_ text: String) {
    let pieces = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = pieces.first, let address = IPAddress(String(first)) else { return nil }
    self.address = address
    guard pieces.count == 2 else {
      prefixLength = address.bytes.count * 8
      return
    }
    guard pieces[1].count <= 3, pieces[1].allSatisfy({ $0.isASCII && $0.isNumber }), let length = Int(pieces[1]),
      length <= address.bytes.count * 8
    else { return nil }
    prefixLength = length
  }

  /// Whether an address, as text without port or brackets, lies in the network.
  public func contains(_ text: String) -> Bool {
    guard let other = IPAddress(text), other.bytes.count == address.bytes.count else { return false }
    var rest = prefixLength
    for (a, b) in zip(address.bytes, other.bytes) where rest > 0 {
      let mask: UInt8 = rest >= 8 ? 0xFF : ~(0xFF >> UInt8(rest))
      if a & mask != b & mask { return false }
      rest -= 8
    }
    return true
  }
}

/// Checks of URLs that callers will see.
enum WebAddress {
  /// What is wrong with a public base URL, or nil. The URL may have a path (a proxy may add one).
  static func faultInBase(_ text: String) -> String? {
    guard let parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host, !host.isEmpty,
      isVisibleASCII(text)
    else { return "must be a URL such as \"https://agents.example.com\"" }
    guard scheme == "https" || scheme == "http" else { return "must begin with https:// or http://" }
    if parts.user != nil || parts.password != nil { return "must not hold a user or a password" }
    if parts.query != nil || parts.fragment != nil { return "must not hold a query or a fragment" }
    if let port = parts.port, !(1...65_535).contains(port) { return "has a port outside 1–65535" }
    // A 1.0 REST path below such a base could not be told from a 0.3 one (contracts/a2a.md, trap 20).
    if parts.path.split(separator: "/").contains("v1") { return "must not have a path segment \"v1\": A2A 0.3 uses it" }
    return nil
  }

  /// What is wrong with a URL that the gateway shall call, or nil.
  static func faultInUpstream(_ text: String) -> String? {
    guard text.utf8.count <= 8192, let parts = URLComponents(string: text), let scheme = parts.scheme,
      let host = parts.encodedHost, !host.isEmpty, isVisibleASCII(text)
    else { return "must be a URL such as \"https://models.example.com/v1\"" }
    guard ["http", "https"].contains(scheme.lowercased()) else { return "must begin with https:// or http://" }
    if parts.user != nil || parts.password != nil { return "must not hold a user or a password" }
    if parts.fragment != nil { return "must not hold a fragment" }
    if let port = parts.port, !(1...65_535).contains(port) { return "has a port outside 1–65535" }
    let isName = host.utf8.allSatisfy {
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]".utf8.contains($0)
    }
    return isName ? nil : "has a host with characters that no host name has"
  }

  /// Whether what is sent to a URL can be read on the way.
  static func isInTheClear(_ text: String) -> Bool {
    guard let parts = URLComponents(string: text), parts.scheme?.lowercased() == "http", var host = parts.host else {
      return false
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return host != "localhost" && IPAddress(host)?.isLoopback != true
  }

  /// Whether text is the name of a host: labels of letters, digits and hyphens (RFC 1123 §2.1).
  static func isHostName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
  }

  /// Whether text is an absolute http or https URL.
  static func isWebAddress(_ text: String) -> Bool {
    guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(), let host = parts.host
    else { return false }
    return (scheme == "http" || scheme == "https") && !host.isEmpty && isVisibleASCII(text)
  }

  /// Whether text is an origin as browsers send it (`https://app.example`, with a port where it is not the default).
  static func isOrigin(_ text: String) -> Bool {
    guard let parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host, !host.isEmpty,
      isVisibleASCII(text)
    else { return false }
    return !scheme.isEmpty && parts.path.isEmpty && parts.query == nil && parts.fragment == nil && parts.user == nil
  }

  private static func isVisibleASCII(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
  }
}
