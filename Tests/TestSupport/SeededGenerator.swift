import Foundation

/// Random numbers that a seed repeats (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// True once in so many times.
  public mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}

/// Seeds as arguments of a test, so that a failure names the one that failed.
public enum Seeds {
  /// The first `count` seeds. `FUZZ_SEED` picks a single one to repeat a failure, `FUZZ_SEEDS` another count to dig deeper.
  public static func take(_ count: Int) -> [UInt64] {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["FUZZ_SEED"].flatMap(UInt64.init) { return [seed] }
    return Array(0..<(environment["FUZZ_SEEDS"].flatMap(UInt64.init) ?? UInt64(count)))
  }
}

extension Array where Element == UInt8 {
  /// The bytes with a few small changes, of the kind that finds the gaps of a reader.
  public func mutated(using generator: inout SeededGenerator, favouring bytes: [UInt8]) -> [UInt8] {
    var changed = self
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      let place = Int.random(in: 0...changed.count, using: &generator)
      let favourite = bytes.randomElement(using: &generator) ?? 0
      guard place < changed.count else {
        changed.append(favourite)
        continue
      }
      let length = Swift.min(Int.random(in: 1...8, using: &generator), changed.count - place)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: changed[place] = favourite
      case 1: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: changed.insert(favourite, at: place)
      case 3: changed.removeSubrange(place..<place + length)
      case 4: changed.insert(contentsOf: changed[place..<place + length], at: place)
      default: changed.removeSubrange(place...)
      }
    }
    return changed
  }
}
