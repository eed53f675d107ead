import Testing

@testable import Gateway

@Suite struct LossCountsTests {
  private func lines(_ counts: LossCounts) -> [Substring] {
    String(decoding: counts.text, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
  }

  @Test func eachNameIsCountedOnceForAnAnswer() {
    let counts = LossCounts()
    counts.count(["data_as_text", "part_metadata"])
    counts.count(["data_as_text"])
    counts.count([])
    #expect(
      lines(counts) == [
        #"a2a_gateway_translation_losses_total{loss="data_as_text"} 2"#,
        #"a2a_gateway_translation_losses_total{loss="part_metadata"} 1"#,
      ])
  }

  /// Other gateways name losses too: nothing of theirs breaks the format, and there is no end of names for nobody.
  @Test func namesFromElsewhereAreBounded() {
    let counts = LossCounts()
    counts.count(["", "a\"} 1\nb", String(repeating: "x", count: 65), "Ünicode"])
    #expect(lines(counts) == [#"a2a_gateway_translation_losses_total{loss="other"} 4"#])
    for number in 0..<1000 { counts.count(["loss_\(number)"]) }
    #expect(lines(counts).count == LossCounts.namesMax)
    #expect(lines(counts).last?.hasSuffix(#"{loss="other"} 877"#) == true)
  }
}
