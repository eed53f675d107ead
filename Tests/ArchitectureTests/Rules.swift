/// The rules that the compiler does not hold. Each returns what breaks it, as `path:line: why`.
enum Rules {
  static let linesMax = 600

  /// Rows reach only up the table, which is sorted by floors: so there is no cycle, and nothing reaches to a higher floor.
  static func floors(_ table: [Floors.Row]) -> [String] {
    zip(table, table.dropFirst()).filter { $0.floor > $1.floor }.map { "\($1.target): stands below its floor" }
      + table.indices.flatMap { index in
        let above = table[..<index].map(\.target)
        return table[index].imports.subtracting(above).sorted().map { "\(table[index].target): may not reach \($0)" }
      }
  }

  /// The manifest declares the table, no more and no less, and fetches nothing.
  static func manifest(_ manifest: Manifest, _ table: [Floors.Row]) -> [String] {
    var found: [String] = []
    if manifest.packageDependencies > 0 { found.append("Package.swift: depends on packages") }
    for row in table {
      guard let target = manifest.target(row.target) else {
        found.append("Package.swift: \(row.target) is missing")
        continue
      }
      if Set(target.dependencies) != row.imports {
        let declared = target.dependencies.sorted().joined(separator: ", ")
        found.append("Package.swift: \(row.target) declares \(declared)")
      }
    }
    for target in manifest.targets where target.kind != "testTarget" && target.name != "TestSupport" {
      if !table.contains(where: { $0.target == target.name }) {
        found.append("Package.swift: \(target.name) has no row")
      }
    }
    return found
  }

  /// Every library target has its tests.
  static func tests(_ manifest: Manifest) -> [String] {
    manifest.targets.filter { $0.kind == "target" && $0.name != "TestSupport" && $0.name != "CLinux" }
      .filter { manifest.target("\($0.name)Tests") == nil }
      .map { "Package.swift: \($0.name) has no tests" }
  }

  /// A file imports what its target's row names, and of the system only what such a target may use.
  static func imports(of file: SourceFile, in row: Floors.Row, all targets: Set<String>) -> [String] {
    var system = Floors.withoutIO.contains(row.target) ? [] : Floors.system
    if row.target == Floors.bench { system.insert("Foundation") }
    return file.imports.compactMap { module, line in
      if targets.contains(module) {
        return row.imports.contains(module)
          ? nil : "\(file.path):\(line): imports \(module), which its row does not name"
      }
      return system.contains(module) ? nil : "\(file.path):\(line): imports \(module), which \(row.target) may not use"
    }
  }

  /// Foundation's JSON decodes and allocates what the gateway only passes through.
  static func foundationJSON(_ file: SourceFile) -> [String] {
    occurrences(of: ["JSONSerialization", "JSONDecoder", "JSONEncoder"], in: file)
  }

  /// A file is one concept and can be read in one sitting.
  static func length(_ file: SourceFile) -> [String] {
    let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
    return count > linesMax ? ["\(file.path):\(count): longer than \(linesMax) lines"] : []
  }

  /// What is not done stands in an issue, not in the source.
  static func leftovers(_ file: SourceFile) -> [String] {
    occurrences(of: ["TODO", "FIXME"], in: file)
      + (file.name == "Placeholder.swift" ? ["\(file.path): a target without content"] : [])
  }

  /// Where the compiler's check is switched off, a comment says why that holds.
  static func reasons(_ file: SourceFile) -> [String] {
    let marker = "@unchecked " + "Sendable"
    return file.lines.indices.compactMap { index in
      let line = file.lines[index]
      guard line.contains(marker), !line.isComment else { return nil }
      let above = file.lines[..<index].reversed().prefix { $0.isComment || $0.isAttribute }
      let explained = line.contains("//") || above.contains { $0.isComment && $0.contains("@unchecked") }
      return explained ? nil : "\(file.path):\(index + 1): no reason for \(marker)"
    }
  }

  static func topLevel(_ names: [String]) -> [String] {
    let allowed: Set = ["Package.swift", "Sources", "Tests", "cards", "config", "README.md", ".ci", ".gitignore"]
    return names.filter { !allowed.contains($0) }.map { "\($0): does not belong to the top level" }
  }

  /// Prose lives in the `.docc` folder of what it explains; the README stands alone.
  static func prose(_ paths: [String]) -> [String] {
    paths.filter { $0.hasSuffix(".md") && $0 != "README.md" && !$0.contains(".docc/") }
      .map { "\($0): prose outside of a .docc folder" }
  }

  /// Decision records are `NNNN-title.md`, numbered from 1 without a gap.
  static func decisions(_ paths: [String]) -> [String] {
    let names = paths.filter { $0.contains(".docc/Decisions/") }.compactMap { $0.split(separator: "/").last }.sorted()
    return names.enumerated().compactMap { index, name in
      let number = String(repeating: "0", count: max(0, 4 - String(index + 1).count)) + String(index + 1)
      return name.hasPrefix("\(number)-") && name.hasSuffix(".md") ? nil : "\(name): is not decision \(number)"
    }
  }

  private static func occurrences(of words: [String], in file: SourceFile) -> [String] {
    file.lines.enumerated().flatMap { index, line in
      words.filter { line.contains($0) }.map { "\(file.path):\(index + 1): \($0)" }
    }
  }
}

extension Substring {
  fileprivate var trimmed: Substring { drop { $0 == " " || $0 == "\t" } }
  fileprivate var isComment: Bool { trimmed.hasPrefix("//") }
  fileprivate var isAttribute: Bool { trimmed.hasPrefix("@") }
}
