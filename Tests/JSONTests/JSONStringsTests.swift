import JSON
import TestSupport
import Testing

@Suite struct JSONStringsTests {
  private func texts(_ count: Int, _ random: inout SeededGenerator) -> [JSONString] {
    (0..<count).map { _ in
      let pieces = ["", "a", "é", "\n", "\"", "\u{0}", "😀", String(repeating: "long", count: 100)]
      return JSONString((0..<3).map { _ in pieces.randomElement(using: &random) ?? "" }.joined())
    }
  }

  private func list(_ texts: some Sequence<JSONString>) -> JSONStrings {
    var list = JSONStrings()
    for text in texts { list.append(text) }
    return list
  }

  private func read(_ list: JSONStrings) -> [JSONString] {
    var texts: [JSONString] = []
    list.forEachText { texts.append($0) }
    return texts
  }

  @Test(arguments: Seeds.take(8)) func behavesLikeAnArrayOfTexts(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let model = texts(Int.random(in: 0...12, using: &random), &random)
      var list = list(model)
      let untrimmed = list
      list.trim()
      #expect(list == untrimmed && list.count == model.count && list.isEmpty == model.isEmpty)
      #expect(list.byteCount == model.reduce(0) { $0 + $1.escaped.count })
      #expect(read(list) == model)
      var (escaped, decoded): ([[UInt8]], [[UInt8]]) = ([], [])
      list.forEachEscaped { span in escaped.append(span.indices.map { span[$0] }) }
      list.forEachUTF8 { span in decoded.append(span.indices.map { span[$0] }) }
      #expect(escaped == model.map(\.escaped) && decoded == model.map(\.utf8))
      #expect(JSONString(list).string == model.map(\.string).joined())
      let start = Int.random(in: 0...model.count, using: &random)
      let range = start..<Int.random(in: start...model.count, using: &random)
      #expect(read(list[range]) == Array(model[range]))
    }
  }

  @Test func textIsTakenFromWhereItLies() throws {
    let json = Array(#""plain" "e\n""#.utf8)
    var list = JSONStrings()
    for start in [1, 9] {
      var place = start
      let content = try #require(JSONShape.content(in: json.span, at: &place))
      list.append(content, in: json.span)
    }
    #expect(read(list).map(\.string) == ["plain", "e\n"])
  }

  @Test func textsAreTheSameOnlyWhereTheyAreCutTheSame() {
    #expect(list(["ab", "c"]) != list(["a", "bc"]))
    #expect(list([]) != list([""]))
    #expect(list(["a"]) == JSONStrings("a"))
  }
}
