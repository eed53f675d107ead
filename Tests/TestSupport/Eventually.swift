/// Asks again and again until the condition holds; each question should give the other side its turn. Fails after ten
/// seconds, so that what never comes fails the test instead of stopping it.
public func eventually(_ what: String, _ condition: () throws -> Bool) throws {
  let end = ContinuousClock.now + .seconds(10)
  while try !condition() {
    guard ContinuousClock.now < end else { throw RawClient.Failure("waited in vain: \(what)") }
  }
}
