/// What an address is for, by IANA's registries of special-purpose addresses (RFC 6890).
public enum AddressKind: String, Sendable, CaseIterable {
  /// Public and unicast: anything else is not for calls to where a stranger points.
  case global
  /// This machine.
  case loopback
  /// Of a local network: RFC 1918, unique local addresses (RFC 4193), and site-local ones, which these replaced.
  case `private`
  /// Shared by the customers of a provider (RFC 6598).
  case shared
  /// Of the link alone (RFC 3927, RFC 4291 §2.5.6).
  case linkLocal
  /// Where a cloud tells its machines about themselves, with their credentials.
  case metadata
  case multicast
  case unspecified
  /// Documentation, benchmarks, protocols, future use.
  case reserved
  /// A path of this machine.
  case unixSocket

  /// For people, behind "a" or "an".
  public var text: String {
    switch self {
    case .global, .loopback, .private, .shared, .multicast, .unspecified, .reserved: rawValue
    case .linkLocal: "link-local"
    case .metadata: "cloud metadata"
    case .unixSocket: "Unix socket"
    }
  }
}

extension SocketAddress {
  /// What the address is for. An IPv6 address that leads to an IPv4 one is of that one's kind.
  public var kind: AddressKind {
    switch storage {
    case .unix: return .unixSocket
    case .v4(let address, _): return AddressKind(v4: address)
    case .v6(let high, let low, _, _):
      if let embedded = embeddedIPv4 { return AddressKind(v4: embedded) }
      return AddressKind(v6: high, low)
    }
  }

  /// Whether the address is this machine: 127.0.0.0/8, ::1, their mapped forms, or a path.
  public var isLoopback: Bool { kind == .loopback || isUnix }

  /// Whether the address is anything but a public unicast one.
  public var isPrivate: Bool { kind != .global }

  /// The IPv4 address that an IPv6 address leads to: mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96), 6to4 (2002::/16).
  private var embeddedIPv4: UInt32? {
    guard case .v6(let high, let low, _, _) = storage else { return nil }
    let isMapped = high == 0 && low >> 32 == 0xffff
    let isTranslated = high == 0x0064_ff9b_0000_0000 && low >> 32 == 0
    if isMapped || isTranslated { return UInt32(truncatingIfNeeded: low) }
    return high >> 48 == 0x2002 ? UInt32(truncatingIfNeeded: high >> 16) : nil
  }
}

extension AddressKind {
  fileprivate init(v4 address: UInt32) {
    // (network, prefix length), the narrower ones first.
    let special: [(UInt32, UInt32, AddressKind)] = [
      // 169.254.169.254 is everybody's; these are AWS (containers), Alibaba, Azure and Oracle.
      (0xa9fe_a9fe, 32, .metadata), (0xa9fe_aa02, 32, .metadata), (0xa9fe_aa17, 32, .metadata),
      (0x6464_64c8, 32, .metadata), (0xa83f_8110, 32, .metadata), (0xc000_00c0, 32, .metadata),
      (0x0000_0000, 8, .unspecified), (0x0a00_0000, 8, .private), (0x6440_0000, 10, .shared),
      (0x7f00_0000, 8, .loopback), (0xa9fe_0000, 16, .linkLocal), (0xac10_0000, 12, .private),
      (0xc000_0000, 24, .reserved), (0xc000_0200, 24, .reserved), (0xc058_6300, 24, .reserved),
      (0xc0a8_0000, 16, .private), (0xc612_0000, 15, .reserved), (0xc633_6400, 24, .reserved),
      (0xcb00_7100, 24, .reserved), (0xe000_0000, 4, .multicast), (0xf000_0000, 4, .reserved),
    ]
    let entry = special.first { network, length, _ in address >> (32 - length) == network >> (32 - length) }
    self = entry?.2 ?? .global
  }

  fileprivate init(v6 high: UInt64, _ low: UInt64) {
    // fd00:ec2::254 and ::23 are AWS's, fd20:ce::254 Google's.
    let isMetadata =
      high == 0xfd00_0ec2_0000_0000 && (low == 0x254 || low == 0x23) || high == 0xfd20_00ce_0000_0000 && low == 0x254
    if isMetadata {
      self = .metadata
      return
    }
    switch (high, low) {
    case (0, 0): self = .unspecified
    case (0, 1): self = .loopback
    case (0, _) where low >> 32 == 0:
      // ::a.b.c.d once led to the IPv4 address; nothing public is there today.
      let embedded = AddressKind(v4: UInt32(truncatingIfNeeded: low))
      self = embedded == .global ? .reserved : embedded
    default:
      // Of what is handed out as public unicast, 2000::/3, 2001::/23 is for protocols (among them Teredo, which leads to
      // IPv4 addresses), 2001:db8::/32 and 3fff::/20 are for documentation.
      let isProtocols = high >> 41 == 0x2001_0000_0000_0000 >> 41
      let isDocumentation = high >> 32 == 0x2001_0db8 || high >> 44 == 0x3fff0
      switch high >> 48 {
      case 0xff00...0xffff: self = .multicast
      case 0xfe80...0xfebf: self = .linkLocal
      case 0xfec0...0xfeff, 0xfc00...0xfdff: self = .private
      case 0x2000...0x3fff where !isProtocols && !isDocumentation: self = .global
      default: self = .reserved
      }
    }
  }
}
