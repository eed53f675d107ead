internal import HTTP
internal import Orq

extension OrqGeneration {
  /// The generation that a caller's SDK names in `User-Agent` (`speakeasy-sdk/python 4.8.15 …`); nil for other programs.
  init?(callerOf head: borrowing HTTPRequestHead) {
    guard let agent = head.fields["user-agent"], agent.hasPrefix("speakeasy-sdk/") else { return nil }
    let version = agent.split(separator: " ", maxSplits: 2).dropFirst().first ?? ""
    switch version.prefix(2) {
    case "3.": self = .v3
    case "4.": self = .v4
    default: return nil
    }
  }
}

/// Gives the events of a stream the frame that the SDKs of 3.x need: a second space before an object, which hides it from
/// their decoding (contract §4.3). Everything else stays as it is.
struct OrqStreamFrame {
  private enum Place {
    /// At the start of a line, so many bytes of `data:` behind it.
    case field(Int)
    /// Behind `data:`, and perhaps the space.
    case value(hasSpace: Bool)
    case line
  }

  private var place = Place.field(0)
  private static let field = Array("data:".utf8)

  mutating func framed(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + 16)
    for byte in bytes {
      switch place {
      case .field(let count) where byte == OrqStreamFrame.field[count]:
        place = count + 1 == OrqStreamFrame.field.count ? .value(hasSpace: false) : .field(count + 1)
      case .value(let hasSpace) where byte == UInt8(ascii: "{"):
        output += hasSpace ? [0x20] : [0x20, 0x20]
        place = .line
      case .value(false) where byte == 0x20: place = .value(hasSpace: true)
      default: place = .line
      }
      if byte == 0x0A || byte == 0x0D { place = .field(0) }
      output.append(byte)
    }
    return output
  }
}
