internal import A2A
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model

/// A call to an external agent as it leaves, without the proof of who sends it.
struct ExternalRequest {
  var method: HTTPMethod
  var url: URI
  var fields: HTTPFields
  var body: [UInt8]
  /// See ``RESTCall/otherMethod``.
  var otherMethod: HTTPMethod?
  /// What the dialect could not carry.
  var losses: TranslationLosses = []

  /// One connection carries one call at a time.
  private static let requestID = JSONFragment(.string("1"))

  /// - Parameters:
  ///   - extensions: URIs of extensions that are asked for.
  ///   - gateways: those that the call came through, with this one's at the end.
  /// - Returns: nil where the version has no such operation.
  init?(_ call: AgentCall, to endpoint: ExternalEndpoint, extensions: [String], gateways: [String]) {
    switch endpoint.binding {
    case .jsonRPC:
      guard
        let body = CallEncoder.jsonRPC(
          call, id: ExternalRequest.requestID, version: endpoint.version, tenant: endpoint.tenant, losses: &losses)
      else { return nil }
      (method, url, self.body) = (.post, endpoint.url, body)
    case .rest:
      guard
        let rest = CallEncoder.rest(call, version: endpoint.version, tenant: endpoint.tenant, losses: &losses)
      else { return nil }
      (method, url, body) = (rest.method, endpoint.url.appending(target: rest.target), rest.body ?? [])
      otherMethod = rest.otherMethod
    }
    fields = HTTPFields()
    let isStream = call.operation == .sendStreamingMessage || call.operation == .subscribeToTask
    let json =
      endpoint.dialect == .v1 && endpoint.binding == .rest
      ? "application/a2a+json, application/json" : "application/json"
    fields.add("Accept", isStream ? "text/event-stream, " + json : json)
    // What is relayed as it comes must come as it is.
    fields.add("Accept-Encoding", "identity")
    if !body.isEmpty { fields.add("Content-Type", "application/json") }
    if endpoint.version == .v1_0 { fields.add("A2A-Version", ProtocolVersion.v1_0.text) }
    if !extensions.isEmpty {
      let list = extensions.joined(separator: ", ")
      fields.add("A2A-Extensions", list)
      if endpoint.version == .v0_3 { fields.add("X-A2A-Extensions", list) }
    }
    fields.add("Via", GatewayHops.field(gateways))
  }
}
