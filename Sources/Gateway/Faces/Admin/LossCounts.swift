internal import Bytes
internal import Synchronization

/// How many answers a translation has lost or invented something in, by the name of what. Losses are rare: one lock for all
/// loops.
final class LossCounts: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  /// Names that are told apart; what comes beyond is counted as `other`. Some are told by other gateways.
  static let namesMax = 128
  static let nameBytesMax = 64

  /// - Parameter losses: of one answer.
  func count(_ losses: [String]) {
    if losses.isEmpty { return }
    counts.withLock { counts in
      for loss in losses {
        let isKnown = counts[loss] != nil || counts.count < LossCounts.namesMax && LossCounts.isName(loss)
        counts[isKnown ? loss : "other", default: 0] += 1
      }
    }
  }

  /// As Prometheus reads it (text format 0.0.4), in the order of the names.
  var text: [UInt8] {
    var text: [UInt8] = []
    text.append("# HELP a2a_gateway_translation_losses_total Answers whose translation lost or invented something.\n")
    text.append("# TYPE a2a_gateway_translation_losses_total counter\n")
    for (name, count) in counts.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
      text.append("a2a_gateway_translation_losses_total{loss=\"")
      text.append(utf8: name)
      text.append("\"} ")
      text.append(decimal: count)
      text.append("\n")
    }
    return text
  }

  /// What needs no escape in a label.
  private static func isName(_ text: String) -> Bool {
    (1...nameBytesMax).contains(text.utf8.count)
      && text.utf8.allSatisfy { ASCII.isDigit($0) || $0 == UInt8(ascii: "_") || (0x61...0x7A).contains($0) }
  }
}
