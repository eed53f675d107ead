import JSON
import TestSupport
import Testing

@Suite struct JSONFuzzTests {
  static let favourites = Array("{}[]\",:\\/u0eE+-. \n\rtfn*".utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]

  /// Reads every part of a document in every way.
  private func readEverything(_ node: JSONNode) {
    _ = (node.bool, node.string, node.text?.string, node.int64, node.double, node.numberText, node.equals("a"))
    _ = node["a"]
    #expect(node.fragment.value == node.value)
    node.forEachMember { key, value in
      #expect(node.member(named: key.string) != nil)
      readEverything(value)
    }
    node.forEachElement(readEverything)
  }

  @Test(arguments: Seeds.take(200)) func whatIsWrittenIsReadBack(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let value = JSONValue.random(depth: 5, using: &generator)
    let fragment = JSONFragment(value)
    let document = try JSONDocument.parse(fragment.bytes)
    #expect(document.root.value == value)
    #expect(document.root.fragment == fragment)
    readEverything(document.root)
    let commented = try JSONC.parse(fragment.bytes)
    #expect(commented.jsonValue == value)
  }

  /// Canonical text of the canonical text is the same again.
  @Test(arguments: Seeds.take(100)) func canonicalFormIsStable(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let once = try CanonicalJSON.encode(JSONValue.random(depth: 4, using: &generator))
    #expect(try CanonicalJSON.encode(try JSONValue.parse(once)) == once)
  }

  /// A changed document is refused or read without harm, and what was read is written and read back the same.
  @Test(arguments: Seeds.take(400)) func changedDocumentsDoNoHarm(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let valid = JSONFragment(JSONValue.random(depth: 4, using: &generator)).bytes
    for _ in 0..<8 {
      let bytes = valid.mutated(using: &generator, favouring: JSONFuzzTests.favourites)
      do {
        let root = try JSONDocument.parse(bytes).root
        readEverything(root)
        let fragment = root.fragment
        #expect(!fragment.bytes.contains { $0 == 0x0A || $0 == 0x0D })
        #expect(try JSONFragment.parse(fragment.bytes) == fragment)
        #expect(JSONFragment(root.value).value == root.value)
        // Whatever is JSON is JSON with comments too.
        #expect(try JSONC.parse(bytes).jsonValue == root.value)
      } catch let error as JSONError {
        #expect((0...bytes.count).contains(error.offset))
      }
      do {
        let node = try JSONC.parse(bytes)
        #expect(node.range.end.offset <= bytes.count)
      } catch {
        #expect(error.range.start.offset <= error.range.end.offset && error.range.end.offset <= bytes.count)
      }
    }
  }
}

extension JSONValue {
  /// A tree of every kind of value, with awkward text and numbers.
  static func random(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2, 3: return .string(randomText(using: &generator))
    case 4: return .number(randomNumber(using: &generator))
    case 5:
      return .array(
        (0..<Int.random(in: 0...5, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0...(generator.oneIn(20) ? 40 : 6), using: &generator) {
        object[randomText(using: &generator)] = random(depth: depth - 1, using: &generator)
      }
      return .object(object)
    }
  }

  private static let awkward: [Character] = [
    "a", "b", " ", "\"", "\\", "/", "\n", "\r", "\t", "\u{0}", "\u{1F}", "\u{7F}", "é", "€", "😀", "\u{2028}",
    "\u{FEFF}",
  ]

  private static func randomText(using generator: inout SeededGenerator) -> String {
    String((0..<Int.random(in: 0...20, using: &generator)).map { _ in awkward.randomElement(using: &generator) ?? "a" })
  }

  private static func randomNumber(using generator: inout SeededGenerator) -> JSONNumber {
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: return JSONNumber(Int.random(in: .min ... .max, using: &generator))
    case 1: return JSONNumber(Int.random(in: -100...100, using: &generator))
    default: return JSONNumber(Double(bitPattern: generator.next())) ?? JSONNumber(0)
    }
  }
}
