public import JSON

/// Why a value is not what the API says, with every place that is wrong.
public struct OrqFault: Error, Sendable, Equatable {
  public struct Violation: Sendable, Equatable {
    /// Such as `message.parts[0].text`; empty for the whole value.
    public var field: String
    /// A sentence; never repeats the value.
    public var description: String

    public init(field: String, description: String) {
      self.field = field
      self.description = description
    }
  }

  /// At least one, at most ``OrqLimits/faultsMax``.
  public let violations: [Violation]

  public init(_ violations: [Violation]) {
    precondition(!violations.isEmpty, "a fault names what is wrong")
    self.violations = violations
  }

  init(_ field: String, _ description: String) {
    self.init([Violation(field: field, description: description)])
  }

  init(_ error: JSONError) { self.init("", "Is not valid JSON: \(error.message)") }

  /// One line for the caller who sent the value, or for the log about the server that did.
  public var message: String {
    let first = violations[0]
    let more = violations.count > 1 ? " (and \(violations.count - 1) more)" : ""
    return (first.field.isEmpty ? first.description : "\(first.field): \(first.description)") + more
  }
}

/// The body of an error answer: `{"message"}`, and in places `code` (contract §1.1).
public struct OrqErrorBody: OrqValue {
  public var message: String
  public var code: String?

  public init(_ message: String, code: String? = nil) {
    self.message = message
    self.code = code
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    message = reader.requiredString(node, "message")
    // Declared as a string; a server that puts the HTTP status there means the same.
    code = node["code"].flatMap { $0.string ?? $0.numberText }
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    if let code { json.member("code", code) }
    json.member("message", message)
    json.endObject()
  }
}
