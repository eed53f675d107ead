/// Why an agent was not registered, changed or refreshed. The message is for whoever asked, an operator: it says what is
/// wrong and what to do, and holds no value of a header.
struct ExternalFault: Error, Sendable, Equatable, CustomStringConvertible {
  enum Kind: Sendable, Equatable {
    /// What was asked for is wrong in itself.
    case invalid
    /// The card could not be had, or is not taken.
    case card
    /// The key is another agent's.
    case taken
    /// There is no such agent.
    case unknown
    /// The agent is none that calls may change: one of a card file, or not external at all.
    case foreign
    /// As many agents as may be, or too many changes of one agent at once.
    case full
    /// The state folder is missing, or did not take it.
    case notKept
  }

  let kind: Kind
  let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  var description: String { message }
}
