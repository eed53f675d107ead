/// A generation of the protocol, by its Major.Minor (A2A 1.0 §3.6).
public enum ProtocolVersion: Sendable, Hashable, CaseIterable {
  // The underscore is the point of the number.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  case v0_3
  // swift-format-ignore: AlwaysUseLowerCamelCase
  case v1_0

  /// As the `A2A-Version` header writes it.
  public var text: String {
    switch self {
    case .v0_3: "0.3"
    case .v1_0: "1.0"
    }
  }

  /// Every version, for the metadata of a refusal.
  static let supportedText = "0.3,1.0"
}

/// How messages are written on the wire. There are three, not four: 1.0 writes ProtoJSON on both bindings, while 0.3
/// has objects with `kind` over JSON-RPC and, over REST, the ProtoJSON of an older schema.
public enum Dialect: Sendable, Hashable, CaseIterable {
  case v1
  case v03JSONRPC
  case v03REST

  public init(_ version: ProtocolVersion, _ binding: Binding) {
    switch (version, binding) {
    case (.v1_0, _): self = .v1
    case (.v0_3, .jsonRPC): self = .v03JSONRPC
    case (.v0_3, .rest): self = .v03REST
    }
  }

  public var version: ProtocolVersion { self == .v1 ? .v1_0 : .v0_3 }
}

/// How calls travel over HTTP.
public enum Binding: Sendable, Hashable, CaseIterable {
  case jsonRPC
  case rest

  /// As agent cards name it.
  public var cardName: String {
    switch self {
    case .jsonRPC: "JSONRPC"
    case .rest: "HTTP+JSON"
    }
  }
}
