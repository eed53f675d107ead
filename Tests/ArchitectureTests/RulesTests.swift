import Testing

/// Each rule finds what it is there for.
@Suite struct RulesTests {
  let network = Floors.Row(floor: 2, target: "Network", imports: ["Bytes"])
  let targets: Set = ["Network", "Bytes", "Gateway"]

  @Test func importIsSeenInEveryForm() {
    let file = SourceFile(
      path: "a.swift",
      text: """
        import One
        public import Two
        @testable import Three
        @_spi(Inner) public import struct Four.Inner
        // import Five
        let text = "import Six"
          private import Seven
        important()
        """)
    #expect(file.imports.map(\.module) == ["One", "Two", "Three", "Four", "Seven"])
    #expect(file.imports.map(\.line) == [1, 2, 3, 4, 7])
  }

  @Test func importOfATargetOutsideTheRowIsFound() {
    let file = SourceFile(path: "Sources/Network/A.swift", text: "import Bytes\npublic import Gateway\nimport Glibc\n")
    #expect(
      Rules.imports(of: file, in: network, all: targets) == [
        "Sources/Network/A.swift:2: imports Gateway, which its row does not name"
      ])
  }

  @Test(arguments: ["Foundation", "Glibc", "Dispatch"]) func systemInATargetWithoutIOIsFound(module: String) {
    let row = Floors.Row(floor: 1, target: "JSON", imports: ["Bytes"])
    let file = SourceFile(path: "Sources/JSON/A.swift", text: "import \(module)\n")
    #expect(Rules.imports(of: file, in: row, all: targets).count == 1)
  }

  @Test func unknownSystemModuleIsFound() {
    let file = SourceFile(path: "Sources/Network/A.swift", text: "import FoundationNetworking\n")
    #expect(Rules.imports(of: file, in: network, all: targets).count == 1)
  }

  @Test func rowThatReachesUpIsFound() {
    let table = [
      Floors.Row(floor: 0, target: "Low", imports: ["High"]), Floors.Row(floor: 0, target: "Side", imports: ["Low"]),
      Floors.Row(floor: 1, target: "High", imports: ["Nowhere", "Side"]),
      Floors.Row(floor: 0, target: "Misplaced", imports: []),
    ]
    #expect(
      Rules.floors(table) == [
        "Misplaced: stands below its floor", "Low: may not reach High", "High: may not reach Nowhere",
      ])
  }

  @Test func manifestIsRead() {
    let manifest = Manifest(
      """
      // .target(name: "Commented")
      .target(name: "Plain"),
      .target(
        name: "Long", dependencies: [
          "One", "Two",
        ], path: "There", swiftSettings: strict + [.define("X", .when(configuration: .release))]),
      .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
      .testTarget(name: "LongTests", dependencies: ["Long"]),
      """)
    #expect(
      manifest.targets == [
        .init(kind: "target", name: "Plain", dependencies: []),
        .init(kind: "target", name: "Long", dependencies: ["One", "Two"]),
        .init(kind: "systemLibrary", name: "COpenSSL", dependencies: []),
        .init(kind: "testTarget", name: "LongTests", dependencies: ["Long"]),
      ])
    #expect(Rules.tests(manifest) == ["Package.swift: Plain has no tests"])
  }

  @Test func manifestThatDiffersFromTheTableIsFound() {
    let manifest = Manifest(
      """
      dependencies: [.package(url: "https://example.com/x", from: "1.0.0")],
      .target(name: "Low", dependencies: ["Extra"]), .target(name: "Unknown")
      """)
    let table = [
      Floors.Row(floor: 0, target: "Low", imports: []), Floors.Row(floor: 0, target: "Missing", imports: []),
    ]
    #expect(
      Rules.manifest(manifest, table) == [
        "Package.swift: depends on packages", "Package.swift: Low declares Extra", "Package.swift: Missing is missing",
        "Package.swift: Unknown has no row",
      ])
  }

  @Test func longFileIsFound() {
    let text = String(repeating: "line\n", count: Rules.linesMax)
    #expect(Rules.length(SourceFile(path: "a", text: text)) == [])
    #expect(Rules.length(SourceFile(path: "a", text: text + "one more")).count == 1)
  }

  @Test func leftoverIsFound() {
    #expect(Rules.leftovers(SourceFile(path: "a", text: "fine\n// TODO: later")) == ["a:2: TODO"])
  }

  @Test func foundationJSONIsFound() {
    #expect(Rules.foundationJSON(SourceFile(path: "a", text: "JSONDecoder().decode()")).count == 1)
  }

  @Test func unexplainedUncheckedSendableIsFound() {
    let bad = "/// A box.\nfinal class Box: @unchecked Sendable {}"
    let above = "// @unchecked: guarded by the lock.\n@safe\nfinal class Box: @unchecked Sendable {}"
    let beside = "extension Box: @unchecked Sendable {}  // immutable"
    #expect(Rules.reasons(SourceFile(path: "a", text: bad)).count == 1)
    #expect(Rules.reasons(SourceFile(path: "a", text: above)) == [])
    #expect(Rules.reasons(SourceFile(path: "a", text: beside)) == [])
  }

  @Test func strayEntryIsFound() {
    #expect(Rules.topLevel(["Sources", "docs", ".ci"]) == ["docs: does not belong to the top level"])
  }

  @Test func strayProseIsFound() {
    let paths = ["README.md", "Sources/A/A.docc/A.md", "Sources/A/notes.md"]
    #expect(Rules.prose(paths) == ["Sources/A/notes.md: prose outside of a .docc folder"])
  }

  @Test func gapInTheDecisionsIsFound() {
    let folder = "Sources/Gateway/Gateway.docc/Decisions/"
    #expect(Rules.decisions([folder + "0001-first.md", folder + "0002-second.md"]) == [])
    #expect(Rules.decisions([folder + "0001-first.md", folder + "0003-third.md"]).count == 1)
    #expect(Rules.decisions([folder + "first.md"]).count == 1)
  }
}
