import JSON
import Testing

@testable import A2A

/// The node of a JSON text; white space at will.
func node(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> JSONNode {
  do {
    return try JSONDocument.parse(Array(text.utf8)).root
  } catch {
    Issue.record("the test's own JSON is broken: \(error)", sourceLocation: sourceLocation)
    throw error
  }
}

/// A JSON text of several lines on one line, as the encoders write it.
func compact(_ text: String) throws -> String {
  String(decoding: try JSONFragment.parse(Array(("\n[" + text + "]").utf8)).bytes.dropFirst().dropLast(), as: UTF8.self)
}

func fragment(_ text: String) throws -> JSONFragment { try JSONFragment.parse(Array(text.utf8)) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What an encoder writes in one dialect, and what it lost.
func encoded(
  _ dialect: Dialect, _ write: (inout WireEncoder, inout JSONWriter) -> Void
) -> (text: String, losses: TranslationLosses) {
  var encoder = WireEncoder(dialect)
  var json = JSONWriter()
  write(&encoder, &json)
  return (text(json.finish()), encoder.losses)
}

/// The generator of Sebastiano Vigna's SplitMix64: small, seeded, the same everywhere.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
