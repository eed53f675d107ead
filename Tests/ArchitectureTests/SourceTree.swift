import Foundation

/// The repository as the rules see it: text files by their paths from the top.
struct SourceTree {
  /// Sorted by path, which uses `/` and has no leading one.
  var files: [SourceFile]
  /// Names at the top level, folders included.
  var topLevel: [String]

  /// What a working copy has beside the repository's own entries; all of it is ignored by git.
  static let notOurs: Set = [".git", ".build", ".swiftpm", ".a2a-gateway", "Package.resolved"]

  /// The working copy that this file was compiled in.
  static func thisRepository() throws -> SourceTree {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let topLevel = try FileManager.default.contentsOfDirectory(atPath: root.path())
      .filter { !notOurs.contains($0) }.sorted()
    var files: [SourceFile] = []
    for entry in topLevel {
      let url = root.appending(path: entry)
      let below = FileManager.default.enumerator(atPath: url.path())?.compactMap { $0 as? String } ?? []
      for path in below.isEmpty ? [entry] : below.map({ "\(entry)/\($0)" }) {
        guard let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8) else { continue }
        files.append(SourceFile(path: path, text: text))
      }
    }
    return SourceTree(files: files.sorted { $0.path < $1.path }, topLevel: topLevel)
  }

  func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }

  /// The Swift files of a target.
  func sources(of target: String) -> [SourceFile] {
    files.filter { $0.path.hasPrefix("Sources/\(target)/") && $0.isSwift }
  }
}

struct SourceFile {
  var path: String
  var text: String

  var isSwift: Bool { path.hasSuffix(".swift") }
  var name: Substring { path.split(separator: "/").last ?? "" }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The modules that the file imports, with the number of the line.
  var imports: [(module: String, line: Int)] {
    lines.enumerated().compactMap { index, line in
      var words = line.split { $0 == " " || $0 == "\t" }
      while let word = words.first, word.hasPrefix("@") || Self.accessLevels.contains(String(word)) {
        words.removeFirst()
      }
      guard words.first == "import", words.count > 1 else { return nil }
      let path = Self.importKinds.contains(String(words[1])) && words.count > 2 ? words[2] : words[1]
      return path.split(separator: ".").first.map { (String($0), index + 1) }
    }
  }

  private static let accessLevels: Set = ["public", "package", "internal", "fileprivate", "private"]
  private static let importKinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
}
