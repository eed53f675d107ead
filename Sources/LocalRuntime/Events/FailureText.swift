/// What callers are told of a turn that went wrong, whatever the engine. What went wrong in detail, and every word of a
/// program, a service or a model server about it, is for the operator's log.
enum FailureText {
  static let failed = "The agent failed."
  static let notStarted = "The agent could not be started."
  static let notReached = "The agent could not be reached."
  static let tookTooLong = "The agent took too long."
  static let saidTooMuch = "The agent's answer is too long."
  static let notUnderstood = "The agent's answer could not be understood."
  static let brokeOff = "The agent's answer broke off."
  static let noAnswer = "The agent gave no answer."
  static let refused = "The agent refused the message."
  static let busy = "the agent has too much to do; retry later"
  static let unavailable = "the agent is not available; retry later"
}
