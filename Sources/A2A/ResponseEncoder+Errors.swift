import Bytes
public import JSON
public import Model

extension ResponseEncoder {
  /// An error over JSON-RPC, with the HTTP status to send it under.
  ///
  /// - Parameter id: of the request; null where it could not be read.
  public static func jsonRPCError(
    id: JSONFragment?, _ error: AgentError, version: ProtocolVersion
  ) -> (status: Int, body: [UInt8]) {
    let mapping = ErrorMapping.of(error.kind)
    var json = JSONWriter()
    json.beginObject()
    json.member("jsonrpc", "2.0")
    json.key("id")
    if let id { json.fragment(id) } else { json.null() }
    json.beginObject("error")
    json.member("code", version == .v1_0 ? mapping.code : mapping.codeV03)
    json.member("message", error.message)
    // In 0.3 `data` means nothing that a client could rely on.
    if version == .v1_0 {
      json.key("data")
      details(error, mapping, into: &json)
    }
    json.endObject()
    json.endObject()
    return (ErrorMapping.httpStatus(error.kind, version, .jsonRPC), json.finish())
  }

  /// An error over HTTP+JSON: `google.rpc.Status` in 1.0; 0.3 has no shape of its own and gets message and code.
  ///
  /// - Parameter status: to send it under, where that is not the one of its kind; the body says the same (A2A 1.0 §11.6).
  public static func restError(_ error: AgentError, dialect: Dialect, status: Int? = nil)
    -> (status: Int, body: [UInt8])
  {
    let mapping = ErrorMapping.of(error.kind)
    var json = JSONWriter()
    json.beginObject()
    if dialect == .v1 {
      json.beginObject("error")
      json.member("code", status ?? mapping.status)
      json.member("status", status.map(ErrorMapping.rpcStatus(ofHTTP:)) ?? mapping.rpcStatus)
      json.member("message", error.message)
      json.key("details")
      details(error, mapping, into: &json)
      json.endObject()
    } else {
      json.member("message", error.message)
      json.member("code", mapping.codeV03)
    }
    json.endObject()
    return (status ?? ErrorMapping.httpStatus(error.kind, dialect.version, .rest), json.finish())
  }

  private static func details(_ error: AgentError, _ mapping: ErrorMapping, into json: inout JSONWriter) {
    json.beginArray()
    json.beginObject()
    json.member("@type", "type.googleapis.com/google.rpc.ErrorInfo")
    json.member("reason", mapping.reason)
    json.member("domain", ErrorMapping.domain)
    json.beginObject("metadata")
    for (name, value) in error.metadata.sorted(by: { $0.key < $1.key }) {
      json.key(string: name)
      json.string(value)
    }
    json.endObject()
    json.endObject()
    if !error.fieldViolations.isEmpty {
      json.beginObject()
      json.member("@type", "type.googleapis.com/google.rpc.BadRequest")
      json.beginArray("fieldViolations")
      for violation in error.fieldViolations {
        json.beginObject()
        json.member("field", violation.field)
        json.member("description", violation.description)
        json.endObject()
      }
      json.endArray()
      json.endObject()
    }
    if let seconds = error.retryAfterSeconds {
      json.beginObject()
      json.member("@type", "type.googleapis.com/google.rpc.RetryInfo")
      json.member("retryDelay", "\(seconds)s")
      json.endObject()
    }
    json.endArray()
  }
}
