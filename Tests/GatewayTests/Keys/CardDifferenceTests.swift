import JSON
import Testing

@testable import Gateway

@Suite struct CardDifferenceTests {
  private func lines(_ old: JSONValue, _ new: JSONValue) -> [String] { CardDifference.all(old, new).map(\.text) }

  @Test func whatSaysTheSameIsNoDifference() {
    let card: JSONValue = [
      "name": "A", "tags": ["a", "b"], "skills": [["id": "s"], ["id": "t"]], "n": .number(JSONNumber(1)),
    ]
    #expect(lines(card, card) == [])
    #expect(
      lines(
        card,
        [
          "skills": [["id": "t", "x": ""], ["id": "s", "y": [], "z": nil]], "tags": ["b", "a"], "name": "A",
          "n": .number(JSONNumber(1)), "signatures": [["protected": "x"]], "provider": ["url": ""],
        ]) == [])
  }

  @Test func membersAreToldByTheirPath() {
    #expect(lines(["a": ["b": 1, "c": 2]], ["a": ["c": 3, "d": 4]]) == ["- a.b: 1", "~ a.c: 2 → 3", "+ a.d: 4"])
    #expect(lines(["a": [1, [2]]], ["a": [1, [3], "x"]]) == ["~ a[1][0]: 2 → 3", #"+ a[2]: "x""#])
    #expect(lines(["a": 1], ["a": ["b": 1]]) == [#"~ a: 1 → {"b":1}"#])
    #expect(lines(["a": ["x", "x"]], ["a": ["x"]]) == [#"- a[1]: "x""#])
  }

  @Test func theOrderOfInterfacesCounts() {
    func interface(_ binding: JSONValue) -> JSONValue {
      ["url": "https://a/", "protocolBinding": binding, "protocolVersion": "1.0"]
    }
    let (one, two) = (interface("JSONRPC"), interface("HTTP+JSON"))
    #expect(
      lines(["supportedInterfaces": [one, two]], ["supportedInterfaces": [two, one]]) == [
        #"~ supportedInterfaces (order): ["https://a/ JSONRPC 1.0","https://a/ HTTP+JSON 1.0"] → "#
          + #"["https://a/ HTTP+JSON 1.0","https://a/ JSONRPC 1.0"]"#
      ])
    #expect(
      lines(["supportedInterfaces": [one, two]], ["supportedInterfaces": [two]]) == [
        #"- supportedInterfaces[https://a/ JSONRPC 1.0]: "#
          + #"{"url":"https://a/","protocolBinding":"JSONRPC","protocolVersion":"1.0"}"#
      ])
  }

  @Test func longValuesAreCut() {
    let line = lines(["a": "x"], ["a": .string(String(repeating: "y", count: 10_000))])[0]
    #expect(line.count < 200 && line.hasSuffix("…"))
  }
}
