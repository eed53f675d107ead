/// Counts of durations in nanoseconds, in buckets whose width is at most 1/128 of their value: every quantile is known to
/// better than one percent, in constant memory, whatever the range.
struct Histogram {
  private static let precisionBits = 7
  /// About 18 minutes; longer ones count as that.
  private static let valueMax: UInt64 = 1 << 40

  private(set) var count = 0
  /// Exact.
  private(set) var maximum: UInt64 = 0
  private var counts = [Int](repeating: 0, count: Histogram.index(of: Histogram.valueMax) + 1)

  mutating func record(_ nanoseconds: UInt64) {
    counts[Histogram.index(of: min(nanoseconds, Histogram.valueMax))] += 1
    count += 1
    maximum = max(maximum, nanoseconds)
  }

  /// The smallest duration, to the precision of a bucket, that `share` (0…1) of all do not exceed; nil without any.
  func quantile(_ share: Double) -> UInt64? {
    guard count > 0 else { return nil }
    let rank = max(1, Int((share * Double(count)).rounded(.up)))
    var seen = 0
    for (index, bucket) in counts.enumerated() {
      seen += bucket
      if seen >= rank { return min(Histogram.upperBound(of: index), maximum) }
    }
    return maximum
  }

  /// Values below 2^(bits+1) have a bucket each; above, every power of two is split into 2^bits buckets.
  private static func index(of value: UInt64) -> Int {
    let exponent = UInt64.bitWidth - 1 - value.leadingZeroBitCount
    let shift = max(0, exponent - precisionBits)
    return shift << precisionBits + Int(value >> UInt64(shift))
  }

  private static func upperBound(of index: Int) -> UInt64 {
    let shift = max(0, index >> precisionBits - 1)
    return UInt64(index - shift << precisionBits + 1) << UInt64(shift) - 1
  }
}
