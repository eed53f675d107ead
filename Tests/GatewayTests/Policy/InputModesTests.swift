import JSON
import Model
import Testing

@testable import Gateway

private func card(_ modes: [String], skill: [String] = []) -> AgentCard {
  AgentCard(
    name: "a", description: "b", version: "1", defaultInputModes: modes, defaultOutputModes: [],
    skills: [AgentSkill(id: "s", name: "s", description: "s", tags: [], inputModes: skill)])
}

private func error(_ modes: [String], skill: [String] = [], origin: AgentCard? = nil, _ types: String?...)
  -> AgentError?
{
  let parts = types.map { Part(.text("x"), mediaType: $0.map { JSONString($0) }) }
  do {
    try InputModes(card(modes, skill: skill), origin: origin).check(Message(messageID: "m", role: .user, parts: parts))
    return nil
  } catch {
    return error
  }
}

@Test(arguments: ["text/plain", "TEXT/PLAIN; charset=utf-8", "text/markdown", "image/png", "application/pdf"])
func aTypeThatTheCardNamesIsTaken(_ type: String) {
  #expect(error(["text/plain", "image/*"], skill: ["application/pdf"], type) == nil)
}

@Test(arguments: ["application/json", "audio/mpeg", "application/pdfx", "no type", "image", "*/*"])
func anotherTypeIsRefusedWithWhatIsTaken(_ type: String) {
  let refusal = error(["text/plain", "image/*"], skill: ["application/pdf"], "text/plain", type)
  #expect(refusal?.kind == .contentTypeNotSupported)
  #expect(refusal?.metadata["field"] == "message.parts[1].mediaType")
  #expect(refusal?.metadata["supported"] == "text/plain, image/*, application/pdf")
}

@Test func aPartThatNamesNoTypeIsTaken() {
  #expect(error(["image/png"], nil, "") == nil)
}

@Test func onlyPlainTextStandsForOtherText() {
  #expect(error(["text/csv"], "text/plain") != nil)
}

@Test(arguments: [[], ["*/*"], ["text"], ["application/json", "file"]])
func aCardThatTellsNoTypesApartTakesAny(_ modes: [String]) {
  #expect(error(modes, "application/zip") == nil)
}

@Test func ofAnAgentElsewhereOnlyWhatACardFileSaysIsHeld() {
  #expect(error(["text/plain"], origin: card(["text/plain"]), "application/zip") == nil)
  #expect(error(["text/plain"], origin: card(["text/plain", "application/zip"]), "application/zip") != nil)
}
