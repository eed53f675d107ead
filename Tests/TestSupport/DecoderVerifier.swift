/// Holds a decoder of a byte stream to what all of them promise: how the bytes are cut into pieces makes no difference.
public struct DecoderVerifier<Outcome: Equatable> {
  private let decode: ([[UInt8]]) -> Outcome

  /// - Parameter decode: feeds the pieces, one after the other, to a new decoder and tells what came out, error included.
  public init(_ decode: @escaping ([[UInt8]]) -> Outcome) { self.decode = decode }

  /// What the decoder makes of the bytes in one piece.
  public func whole(_ input: [UInt8]) -> Outcome { decode([input]) }

  /// A way to cut the bytes that changes the outcome, in words; nil if none does: one piece, single bytes, two pieces cut at
  /// every place, and pieces of random lengths.
  public func disagreement(on input: [UInt8], seed: UInt64 = 0) -> String? {
    let expected = whole(input)
    func check(_ pieces: [[UInt8]], _ name: String) -> String? {
      let outcome = decode(pieces)
      return outcome == expected ? nil : "\(name): \(outcome), but in one piece: \(expected)"
    }
    if let found = check(input.map { [$0] }, "byte by byte") { return found }
    for place in input.indices.dropFirst() {
      if let found = check([Array(input[..<place]), Array(input[place...])], "cut at \(place)") { return found }
    }
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<8 {
      var pieces: [[UInt8]] = []
      var start = 0
      while start < input.count {
        let end = min(input.count, start + Int.random(in: 0...16, using: &generator))
        pieces.append(Array(input[start..<end]))
        start = end
      }
      if let found = check(pieces, "cut into \(pieces.map(\.count))") { return found }
    }
    return nil
  }
}
