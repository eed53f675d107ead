import Bytes
import JSON
public import Model

/// What an agent answered instead of a result, or what is wrong with its answer.
public struct PeerFault: Error, Sendable, Equatable {
  /// The error to act on and to pass on: it holds no text of the agent.
  public var error: AgentError
  /// The agent's own code: of JSON-RPC, or the HTTP status.
  public var code: Int?
  /// `google.rpc.ErrorInfo.reason`, where the agent sent one.
  public var reason: String?
  /// The agent's own words. For logs and for a person who called the agent herself, never for another caller.
  public var text: String
  /// Facts and fields as the agent named them; handled like ``text``.
  public var metadata: [String: String] = [:]
  public var fieldViolations: [AgentError.FieldViolation] = []

  static let noReason = "The agent gave no reason."

  /// The agent said something in the form that its dialect has for errors.
  public var hasText: Bool { text != PeerFault.noReason }

  /// An event of a stream that is none of those that this version knows; the stream goes on behind it.
  public static let unknownEvent = PeerFault.invalid("The event holds no task, message or update.")

  /// An answer that is not what the protocol says.
  public static func invalid(_ text: String) -> PeerFault {
    PeerFault(
      error: AgentError(.invalidAgentResponse, "The agent's answer is not valid A2A.", source: .upstream), text: text)
  }

  /// Faults that a reader found in an answer.
  init(_ error: AgentError) {
    self.init(
      error: error, text: error.fieldViolations.map { "\($0.field): \($0.description)" }.joined(separator: " "))
  }

  /// - Parameters:
  ///   - error: without text of the agent.
  ///   - text: the agent's words, or what is wrong with them.
  public init(error: AgentError, code: Int? = nil, reason: String? = nil, text: String) {
    self.error = error
    self.code = code
    self.reason = reason
    self.text = text
  }
}

/// Reads the errors of all dialects.
enum ErrorDecoder {
  /// The member `error` of a JSON-RPC response.
  static func jsonRPC(_ error: JSONNode) -> PeerFault {
    let code = error["code"]?.int64.flatMap { Int(exactly: $0) }
    let kind = code.map { ErrorMapping.kind(code: $0) } ?? .internalError
    return fault(kind, code: code, text: error["message"]?.string, details: error["data"])
  }

  /// A body over HTTP+JSON: `google.rpc.Status`, the bare message of 0.3, or anything a proxy on the way wrote.
  static func rest(_ body: JSONNode?, status: Int) -> PeerFault {
    if let error = body?["error"], error.kind == .object {
      return fault(
        ErrorMapping.kind(status: status), code: status, text: error["message"]?.string, details: error["details"])
    }
    // This gateway's own 0.3 face adds the JSON-RPC code, which tells more than the status.
    let code = body?["code"]?.int64.flatMap { Int(exactly: $0) }
    let kind = code.map { $0 < 0 ? ErrorMapping.kind(code: $0) : nil } ?? nil
    return fault(
      kind ?? ErrorMapping.kind(status: status), code: status, text: body?["message"]?.string, details: nil)
  }

  /// - Parameter details: an array of typed objects, in 1.0; whatever an agent put there, in 0.3.
  private static func fault(_ kind: AgentError.Kind, code: Int?, text: String?, details: JSONNode?) -> PeerFault {
    var kind = kind
    var fault = PeerFault(
      error: AgentError(kind, "", source: .upstream), code: code, text: text ?? PeerFault.noReason)
    details?.forEachElement { detail in
      if detail["@type"]?.equals("type.googleapis.com/google.rpc.ErrorInfo") == true {
        fault.reason = detail["reason"]?.string
        if let known = fault.reason.flatMap({ ErrorMapping.kind(reason: $0) }) { kind = known }
        detail["metadata"]?.forEachMember { key, value in
          if fault.metadata.count < A2ALimits.faultsMax { fault.metadata[key.string] = value.string }
        }
      } else if detail["@type"]?.equals("type.googleapis.com/google.rpc.BadRequest") == true {
        detail["fieldViolations"]?.forEachElement { violation in
          guard fault.fieldViolations.count < A2ALimits.faultsMax, let field = violation["field"]?.string else {
            return
          }
          fault.fieldViolations.append(
            AgentError.FieldViolation(field: field, description: violation["description"]?.string ?? ""))
        }
      } else if detail["@type"]?.equals("type.googleapis.com/google.rpc.RetryInfo") == true {
        fault.error.retryAfterSeconds = detail["retryDelay"]?.string.flatMap(seconds)
      }
    }
    fault.error.kind = kind
    fault.error.message = "The agent refused the call: \(phrase(kind))."
    return fault
  }

  /// `google.protobuf.Duration` as JSON: seconds with an optional fraction, then `s`. Rounded up.
  private static func seconds(_ text: String) -> Int? {
    guard text.hasSuffix("s"), let value = Double(text.dropLast()), value >= 0, value <= 86_400 else { return nil }
    return Int(value.rounded(.up))
  }

  private static func phrase(_ kind: AgentError.Kind) -> String {
    ErrorMapping.of(kind).reason.description.lowercased().split(separator: "_").joined(separator: " ")
  }
}
