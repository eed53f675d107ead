public import Model

/// Which version a request is served in (A2A 1.0 §3.6.2). A client names it in the `A2A-Version` header or query
/// parameter; saying nothing means 0.3. The method or path belongs to one family, and the two must agree.
public enum VersionNegotiation {
  public static let headerName = "A2A-Version"

  /// - Parameters:
  ///   - header: every value of the header, in order.
  ///   - query: every decoded value of the query parameter; read only when the header says nothing.
  ///   - family: the version that the method or path belongs to; nil when it belongs to none.
  ///   - lenient: serve 1.0 methods to clients that name no version, against §3.6.2.
  /// - Returns: the version to answer in. It can differ from `family` (a 0.3 method asked for in 1.0): then the method
  ///   does not exist in it, which is for the decoder to say.
  public static func resolve(
    header: [String], query: [String] = [], family: ProtocolVersion?, lenient: Bool = false
  ) -> Result<ProtocolVersion, AgentError> {
    let stated = header.map(trim).filter { !$0.isEmpty }
    let values = stated.isEmpty ? query.map(trim).filter { !$0.isEmpty } : stated
    guard let value = values.first else {
      return family == .v1_0 && !lenient
        ? .failure(unsupported("0.3", why: methodOfOneZero)) : .success(family ?? .v0_3)
    }
    guard values.count == 1, let (major, minor) = parse(value) else {
      return .failure(unsupported(nil, why: "\(headerName) must be one Major.Minor version."))
    }
    switch (major, minor) {
    case (0, 3): return family == .v1_0 ? .failure(unsupported("0.3", why: methodOfOneZero)) : .success(.v0_3)
    case (1, 0): return .success(.v1_0)
    default: return .failure(unsupported("\(major).\(minor)", why: "Use one of \(ProtocolVersion.supportedText)."))
    }
  }

  /// The dialect version of a refusal: the family of the method or path, where that is known.
  public static func versionOfRefusal(family: ProtocolVersion?) -> ProtocolVersion { family ?? .v1_0 }

  private static let methodOfOneZero = "This method belongs to 1.0: send the header A2A-Version: 1.0."

  private static func unsupported(_ version: String?, why: String) -> AgentError {
    let subject = version.map { "A2A version \($0) is not supported here." } ?? "The A2A version is not readable."
    return AgentError(
      .versionNotSupported, "\(subject) \(why)", metadata: ["supportedVersions": ProtocolVersion.supportedText])
  }

  private static func trim(_ text: String) -> Substring {
    var rest = Substring(text)
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return rest
  }

  /// `1.0` or `1.0.1`; the patch is checked and ignored.
  private static func parse(_ text: Substring) -> (major: Int, minor: Int)? {
    let fields = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
    guard fields.count == 2 || fields.count == 3 else { return nil }
    var numbers: [Int] = []
    for field in fields {
      guard (1...4).contains(field.count), field.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
      numbers.append(field.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }
    return (numbers[0], numbers[1])
  }
}
