import JSON
import Testing

@testable import Configuration

@Suite struct DiagnosticTests {
  @Test func isRenderedLikeACompilerDoes() throws {
    let loaded = try Workspace().load("{\n\t\"listner\": [],\n}\n")
    let diagnostic = try #require(loaded.diagnostics.first)
    let file = diagnostic.file
    #expect(
      diagnostic.rendered == """
        \(file):2:2: error: unknown key "listner"; did you mean "listeners"?
         2 |  "listner": [],
           |  ^~~~~~~~~
        """)
  }

  @Test func aHintFollows() throws {
    let loaded = try Workspace().load("{ \"log\": { \"level\": \"loud\" } }")
    #expect(loaded.diagnostics.first?.rendered.hasSuffix("\n hint: one of: trace, debug, info, warning, error") == true)
  }

  @Test func aLongLineIsShownAroundItsFault() throws {
    let padding = String(repeating: " ", count: 500)
    let loaded = try Workspace().load("{ \"workers\": 1,\(padding)\"wrkers\": 2\(padding)}")
    let lines = try #require(loaded.diagnostics.first).rendered.split(separator: "\n")
    #expect(lines[1].count < 130)
    let caret = try #require(lines[2].firstIndex(of: "^"))
    let column = lines[2].distance(from: lines[2].startIndex, to: caret)
    #expect(lines[1].dropFirst(column).hasPrefix("\"wrkers\""))
    #expect(lines[2].hasSuffix("^~~~~~~~"))
  }

  @Test func controlCharactersOfTheFileDoNotReachTheTerminal() throws {
    let loaded = try Workspace().load("{ \"workers\": \u{9B} 1 }")
    #expect(loaded.diagnostics.hasErrors)
    #expect(!loaded.diagnostics.map(\.rendered).joined().unicodeScalars.contains { $0.value == 0x9B })
  }

  @Test func machinesGetTheSameFacts() {
    var diagnostic = Diagnostic(file: "a.json", line: 3, column: 4, message: "m", hint: "h")
    #expect(
      diagnostic.json == ["severity": "error", "message": "m", "file": "a.json", "line": 3, "column": 4, "hint": "h"])
    diagnostic = Diagnostic(.warning, file: "", message: "m")
    #expect(diagnostic.json == ["severity": "warning", "message": "m"])
    #expect(diagnostic.rendered == "warning: m")
  }

  @Test func aFileThatIsSomethingElseDoesNotFloodTheTerminal() throws {
    let members = (0..<500).map { "\"unknown\($0)\": 1" }.joined(separator: ",\n")
    #expect(try Workspace().load("{\(members)}").diagnostics.count == 100)
  }
}

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("listner", "listeners"), ("Listeners", "listeners"), ("default-agent", "default_agent"), ("wrokers", "workers"),
    ("zzz", nil), ("", nil), ("l", nil),
  ])
  func finds(_ name: String, _ expected: String?) {
    #expect(NearestName.find(name, among: ["listeners", "default_agent", "workers", "log"]) == expected)
  }
}

@Suite struct QuantityTests {
  @Test(arguments: [
    ("250ms", 250), ("15s", 15_000), ("10m", 600_000), ("24h", 86_400_000), ("7d", 604_800_000), ("0s", 0),
    ("3650d", 315_360_000_000),
  ])
  func durations(_ text: String, _ milliseconds: Int) {
    #expect(Quantity.duration(text) == .milliseconds(milliseconds))
  }

  @Test(arguments: ["", "s", "15", "1.5s", "-1s", "15 s", "3651d", "99999999999999999999s", "1w", "١s"])
  func noDurations(_ text: String) { #expect(Quantity.duration(text) == nil) }

  @Test(arguments: [
    ("512B", 512), ("64KiB", 65_536), ("10MiB", 10_485_760), ("1GiB", 1_073_741_824), ("1TiB", 1_099_511_627_776),
  ])
  func sizes(_ text: String, _ bytes: Int) {
    #expect(Quantity.bytes(text) == bytes)
    #expect(Quantity.text(bytes: bytes) == text)
  }

  @Test(arguments: ["64KB", "64", "1.5MiB", "-1B", "2TiB", "999999999999999TiB"]) func noSizes(_ text: String) {
    #expect(Quantity.bytes(text) == nil)
  }

  @Test func durationsAreWrittenInTheLargestUnit() {
    #expect(Quantity.text(.seconds(90)) == "90s")
    #expect(Quantity.text(.seconds(7200)) == "2h")
    #expect(Quantity.text(.milliseconds(0)) == "0ms")
  }
}

@Suite struct AddressTests {
  @Test(arguments: [
    ("127.0.0.1:80", true), ("127.1.2.3:0", true), ("[::1]:80", true), ("[::ffff:127.0.0.1]:80", true),
    ("0.0.0.0:80", false), ("[::]:80", false), ("192.0.2.1:80", false), ("unix:/a/b", false),
  ])
  func loopback(_ text: String, _ isLoopback: Bool) throws {
    #expect(try #require(BindAddress(text)).isLoopback == isLoopback)
  }

  @Test(arguments: [
    "127.0.0.1", "127.0.0.1:", "127.0.0.1:+1", "1.2.3:80", "[::1]", "::1", "unix:", "", "a:80", "127.0.0.1:65536",
  ])
  func noAddress(_ text: String) { #expect(BindAddress(text) == nil) }

  @Test func aSocketPathFitsItsStructure() {
    #expect(BindAddress("unix:/" + String(repeating: "a", count: 106)) != nil)
    #expect(BindAddress("unix:/" + String(repeating: "a", count: 107)) == nil)
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3", "10.1.2.3", true),
    ("10.1.2.3", "10.1.2.4", false), ("192.168.1.128/25", "192.168.1.200", true),
    ("192.168.1.128/25", "192.168.1.1", false),
    ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false), ("0.0.0.0/0", "8.8.8.8", true),
    ("10.0.0.0/8", "::ffff:10.0.0.1", true), ("10.0.0.0/8", "::1", false),
  ])
  func networks(_ range: String, _ address: String, _ expected: Bool) throws {
    #expect(try #require(AddressRange(range)).contains(address) == expected)
  }
}
