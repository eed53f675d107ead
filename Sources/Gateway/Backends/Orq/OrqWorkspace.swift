internal import Bytes
internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import Model
internal import Network
internal import Orq

/// The workspace that calls go to: where it is, how we prove who we are, how long we wait.
final class OrqWorkspace: Sendable {
  let base: URI
  let generation: OrqGeneration
  let cancel: OrqConfiguration.CancelPolicy
  /// Of those on whose behalf it is called.
  let identities = OrqIdentities()
  private let timeouts: HTTPClientTimeouts
  private let key: [UInt8]
  /// What this deployment calls itself, see ``GatewayHops``.
  private let gatewayName: String
  /// The same for every call of a kind, and ready to be sent.
  private let fieldsToRead: HTTPFields
  private let fieldsToSend: HTTPFields
  private let fieldsToStream: HTTPFields
  private let tls: TLSClientContext?

  /// - Throws: ``StartError`` naming what cannot be read or is wrong.
  init(_ configuration: OrqConfiguration, gatewayName: String) throws {
    self.gatewayName = gatewayName
    guard let base = URI(configuration.url) else {
      throw StartError("orq.url \"\(configuration.url)\" is no http or https URL")
    }
    self.base = base
    generation = configuration.generation == .v3 ? .v3 : .v4
    cancel = configuration.cancel
    timeouts = configuration.timeouts.ofClient
    let key: [UInt8]
    do {
      key = try configuration.key.read()
    } catch {
      throw StartError("orq.key: \(error.message)")
    }
    self.key = key
    let authorization = "Bearer " + String(decoding: key, as: UTF8.self)
    let via = GatewayHops.field([gatewayName])
    fieldsToRead = OrqWorkspace.fields(authorization, via, accept: "application/json", hasBody: false)
    fieldsToSend = OrqWorkspace.fields(authorization, via, accept: "application/json", hasBody: true)
    fieldsToStream = OrqWorkspace.fields(authorization, via, accept: "text/event-stream", hasBody: true)
    tls = base.isSecure ? try TLSMaterial.client(authorityFile: configuration.authorityFile) : nil
  }

  private static func fields(_ authorization: String, _ via: String, accept: String, hasBody: Bool) -> HTTPFields {
    var fields = HTTPFields()
    fields.add("Authorization", authorization)
    fields.add("Accept", accept)
    // What is relayed as it comes must come as it is.
    fields.add("Accept-Encoding", "identity")
    // The workspace may be another gateway.
    fields.add("Via", via)
    if hasBody { fields.add("Content-Type", "application/json") }
    return fields
  }

  /// Whether a text holds our key: then it is for nobody's eyes.
  func isLeak(_ text: [UInt8]) -> Bool { text.firstRange(of: key) != nil }

  /// A request for a call.
  ///
  /// - Parameter gateways: that the call has come through.
  func request(_ call: consuming OrqCall, gateways: [String] = []) -> HTTPClientRequest {
    let fields = call.isStreamed ? fieldsToStream : call.body == nil ? fieldsToRead : fieldsToSend
    var request = HTTPClientRequest(
      call.method, base, target: base.target(below: call.target), fields: named(fields, gateways),
      body: call.body ?? [], tls: tls, timeouts: timeouts)
    if call.isStreamed { request.responseBytesMax = .max }
    return request
  }

  /// What all requests have in common that send messages in one way.
  ///
  /// - Parameters:
  ///   - firstByte: how long the answer may take where it comes whole.
  ///   - gateways: that the message has come through.
  func form(of sending: OrqSending, firstByte: Duration, gateways: [String] = []) -> HTTPRequestForm {
    var request = HTTPClientRequest(
      sending.operation.method, base, target: base.target(below: sending.target),
      fields: named(sending.isStreamed ? fieldsToStream : fieldsToSend, gateways), tls: tls, timeouts: timeouts)
    if sending.isStreamed {
      request.responseBytesMax = .max
    } else {
      request.timeouts.firstByte = firstByte
    }
    return HTTPRequestForm(request)
  }

  private func named(_ fields: HTTPFields, _ gateways: [String]) -> HTTPFields {
    if gateways.isEmpty { return fields }
    var fields = fields
    fields.set("Via", GatewayHops.field(gateways + [gatewayName]))
    return fields
  }
}

extension UpstreamTimeouts {
  var ofClient: HTTPClientTimeouts {
    var timeouts = HTTPClientTimeouts()
    timeouts.connect = connect
    timeouts.firstByte = firstByte
    timeouts.silence = silence
    return timeouts
  }
}

/// What an upstream's refusal becomes for the caller. Its own words stay in the log.
enum UpstreamRefusal {
  /// - Parameter retryAfter: seconds, where the upstream says so.
  static func error(status: Int, retryAfter: Int?) -> AgentError {
    switch status {
    case 429:
      return AgentError(
        .tooManyRequests, "the agent's service limits the rate of messages; retry later", source: .upstream,
        retryAfterSeconds: retryAfter ?? 1)
    case 503:
      return AgentError(
        .unavailable, "the agent's service is not available; retry later", source: .upstream,
        retryAfterSeconds: retryAfter ?? 5)
    case 400, 409, 413, 422:
      return AgentError(.internalError, "the agent's service did not take the message", source: .upstream)
    default: return AgentError(.internalError, "the agent cannot be reached at the moment", source: .upstream)
    }
  }

  static func error(_ failure: HTTPClientError) -> AgentError {
    switch failure.kind {
    case .resolve, .connect, .connectTimeout, .overloaded, .firstByteTimeout, .closed:
      AgentError(
        .unavailable, "the agent's service does not answer; retry later", source: .upstream, retryAfterSeconds: 5)
    case .tls, .silenceTimeout, .truncated:
      AgentError(.internalError, "the agent cannot be reached at the moment", source: .upstream)
    case .invalidResponse, .responseTooLarge: notUnderstood
    }
  }

  static let notUnderstood = AgentError(
    .invalidAgentResponse, "the agent's service gave an answer that cannot be understood", source: .upstream)
}
