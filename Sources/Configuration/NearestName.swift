/// Finds what somebody meant who wrote a name that does not exist.
public enum NearestName {
  /// The candidate with the fewest typing errors (a letter too many, too few, wrong, or two exchanged), if they are few
  /// for the length of the name. Case and `-`/`_` do not count.
  public static func find(_ name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = fold(name)
    guard wanted.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let distance = distance(wanted, fold(candidate))
      if distance <= max(1, min(wanted.count, candidate.count) / 3), distance < best?.distance ?? .max {
        best = (candidate, distance)
      }
    }
    return best?.name
  }

  private static func fold(_ name: String) -> [Character] { name.lowercased().filter { $0 != "_" && $0 != "-" } }

  /// Optimal string alignment distance.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i] + [Int](repeating: 0, count: b.count)
      for j in 1...b.count {
        let change = a[i - 1] == b[j - 1] ? 0 : 1
        row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + change)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], beforeLast[j - 2] + 1) }
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
