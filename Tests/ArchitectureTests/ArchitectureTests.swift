import Testing

/// Holds this repository to its rules.
@Suite struct ArchitectureTests {
  let tree: SourceTree
  let manifest: Manifest

  init() throws {
    tree = try SourceTree.thisRepository()
    manifest = Manifest(try #require(tree.file("Package.swift")).text)
  }

  @Test func rowsReachOnlyDown() {
    #expect(Rules.floors(Floors.table) == [])
  }

  @Test func manifestDeclaresTheTable() {
    #expect(Rules.manifest(manifest, Floors.table) == [])
  }

  @Test func everyLibraryHasTests() {
    #expect(Rules.tests(manifest) == [])
  }

  @Test func sourcesImportWhatTheirRowNames() {
    let targets = Set(Floors.table.map(\.target))
    for row in Floors.table {
      let found = tree.sources(of: row.target).flatMap { Rules.imports(of: $0, in: row, all: targets) }
      #expect(found == [])
    }
  }

  @Test func sourcesLieInTargets() {
    let folders = Set(tree.files.filter { $0.path.hasPrefix("Sources/") }.map { $0.path.split(separator: "/")[1] })
    #expect(folders.subtracting(Floors.table.map { $0.target[...] }) == [])
    #expect(folders.count > 5, "the tree was not found")
  }

  @Test func foundationReadsNoJSON() {
    #expect(tree.files.filter { $0.isSwift && $0.path.hasPrefix("Sources/") }.flatMap(Rules.foundationJSON) == [])
  }

  @Test func filesCanBeReadInOneSitting() {
    #expect(tree.files.filter { $0.isSwift || $0.path.hasSuffix(".py") }.flatMap(Rules.length) == [])
  }

  @Test func nothingIsLeftForLater() {
    let checker = "Tests/ArchitectureTests/"
    #expect(tree.files.filter { !$0.path.hasPrefix(checker) }.flatMap(Rules.leftovers) == [])
  }

  @Test func uncheckedSendableIsExplained() {
    #expect(tree.files.filter(\.isSwift).flatMap(Rules.reasons) == [])
  }

  @Test func topLevelIsShort() {
    #expect(Rules.topLevel(tree.topLevel) == [])
  }

  @Test func proseLivesInDocumentation() {
    #expect(Rules.prose(tree.files.map(\.path)) == [])
  }

  @Test func decisionsAreNumbered() {
    #expect(Rules.decisions(tree.files.map(\.path)) == [])
  }
}
