import Bytes
import HTTP
import Network

/// Where requests go, and the whole request as it stands on the wire.
struct LoadTarget {
  let address: SocketAddress
  let request: [UInt8]
  /// For https: the trust, and the name that the certificate is for.
  let tls: TLSClientContext?
  let host: String

  /// - Throws: ``UsageError`` for anything but an http or https URL of this machine.
  init(_ url: String, version: String?, body: [UInt8], tls trust: TLSClientContext?) throws {
    guard let uri = URI(url) else { throw UsageError("\"\(url)\" is no http or https URL") }
    let host = uri.host == "localhost" ? "127.0.0.1" : uri.host
    guard let address = SocketAddress(ip: host, port: UInt16(uri.effectivePort)), address.isLoopback else {
      throw UsageError("\(url): only addresses of this machine's loopback are measured")
    }
    self.address = address
    self.host = uri.host
    tls = uri.isSecure ? try trust ?? TLSClientContext() : nil
    var fields = HTTPFields()
    fields.add("Host", uri.authority)
    fields.add("Content-Type", "application/json")
    if let version { fields.add("A2A-Version", version) }
    var bytes: [UInt8] = []
    HTTPEncoder.requestHead(
      method: .post, target: uri.target, fields: fields, contentLength: body.count, into: &bytes)
    request = bytes + body
  }
}

/// One measurement.
struct LoadPlan {
  enum Connections: String {
    /// Kept from request to request.
    case kept
    /// A new one for every request, with a full handshake.
    case full
    /// A new one for every request, with the TLS session of the one before.
    case resumed
  }

  /// The connections are spread over them.
  var targets: [LoadTarget]
  var connectionCount = 16
  var connections = Connections.kept
  /// Requests per second at fixed moments (open loop); nil: each connection sends when it has its answer (closed loop).
  var rate: Double?
  /// Load before the measurement begins.
  var warmUp: Duration = .milliseconds(500)
  var duration: Duration
}

/// What a measurement has seen between its begin and its end.
struct LoadResult {
  var seconds = 0.0
  var requests = 0
  /// By kind.
  var errors: [String: Int] = [:]
  /// Bodies of answers.
  var bytes = 0
  /// Server-sent events that arrived.
  var events = 0
  var fullHandshakes = 0
  var resumedHandshakes = 0
  /// To the end of the answer: from the moment the request was meant to leave.
  var latency = Histogram()
  /// To the first event of a stream.
  var firstEvent = Histogram()

  var requestsPerSecond: Double { seconds > 0 ? Double(requests) / seconds : 0 }
  var eventsPerSecond: Double { seconds > 0 ? Double(events) / seconds : 0 }
  var errorCount: Int { errors.values.reduce(0, +) }
}
