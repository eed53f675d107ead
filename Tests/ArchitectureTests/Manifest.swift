/// What `Package.swift` declares, read as text: building the manifest from a test would wait for the build it runs in.
struct Manifest {
  struct Target: Equatable {
    var kind: String
    var name: String
    var dependencies: [String]
  }

  var targets: [Target]
  /// Packages that are fetched from elsewhere.
  var packageDependencies: Int

  init(_ text: String) {
    let code = text.split(separator: "\n").filter { !$0.drop(while: { $0 == " " }).hasPrefix("//") }
      .joined(separator: "\n")
    packageDependencies = code.components(of: ".package(").count
    targets = Self.kinds.flatMap { kind in
      code.components(of: ".\(kind)(").compactMap { arguments in
        arguments.quoted(after: "name:").first.map {
          Target(kind: kind, name: $0, dependencies: arguments.quoted(after: "dependencies:"))
        }
      }
    }
  }

  private static let kinds = ["target", "executableTarget", "systemLibrary", "testTarget"]

  func target(_ name: String) -> Target? { targets.first { $0.name == name } }
}

extension String {
  /// The arguments of each call that begins with `start`, up to the parenthesis that closes it.
  fileprivate func components(of start: String) -> [Substring] {
    ranges(of: start).map { range in
      var depth = 1
      let end = self[range.upperBound...].firstIndex { character in
        if character == "(" { depth += 1 }
        if character == ")" { depth -= 1 }
        return depth == 0
      }
      return self[range.upperBound..<(end ?? endIndex)]
    }
  }
}

extension Substring {
  /// The strings of the argument with this label: one, or all of an array.
  fileprivate func quoted(after label: String) -> [String] {
    guard let start = firstRange(of: label)?.upperBound else { return [] }
    let argument = self[start...].drop { $0 == " " || $0 == "\n" }
    let end = argument.first == "[" ? argument.firstIndex(of: "]") : argument.firstIndex(of: ",")
    let pieces = argument[..<(end ?? argument.endIndex)].split(separator: "\"", omittingEmptySubsequences: false)
    return pieces.indices.filter { $0 % 2 == 1 }.map { String(pieces[$0]) }
  }
}
