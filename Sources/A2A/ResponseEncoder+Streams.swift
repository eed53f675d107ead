import Bytes
import HTTP
public import JSON
public import Model

extension ResponseEncoder {
  /// One event as JSON, to be put into frames of any number of streams of this dialect.
  ///
  /// - Parameter final: whether the stream ends with this event; 0.3 clients need to be told.
  public static func streamBody(
    _ event: TaskEvent, final: Bool, dialect: Dialect, losses: inout TranslationLosses
  ) -> [UInt8] {
    var encoder = WireEncoder(dialect)
    var json = JSONWriter()
    encoder.streamEvent(event, final: final, into: &json)
    losses.formUnion(encoder.losses)
    return json.bytes
  }

  /// One server-sent event around the JSON of ``streamBody(_:final:dialect:losses:)``.
  ///
  /// - Parameters:
  ///   - id: of the JSON-RPC request; nil over REST.
  ///   - eventID: the cursor that a client may send back as `Last-Event-ID`.
  public static func streamFrame(
    body: [UInt8], id: JSONFragment?, eventID: String? = nil, into output: inout [UInt8]
  ) {
    guard let id else { return SSEEncoder.event(data: body, id: eventID, event: nil, into: &output) }
    var json = JSONWriter(reserving: body.count + id.bytes.count + 40)
    beginEnvelope(id, into: &json)
    json.raw { $0 += body }
    json.endObject()
    SSEEncoder.event(data: json.bytes, id: eventID, event: nil, into: &output)
  }

  /// The last frame of a stream that broke after it began. 1.0 names such an event `error`; the clients of 0.3 know no
  /// event names and find the error where a result would be.
  ///
  /// - Parameter id: of the JSON-RPC request; nil over REST.
  public static func streamError(
    _ error: AgentError, id: JSONFragment?, dialect: Dialect, into output: inout [UInt8]
  ) {
    let body: [UInt8]
    if let id {
      body = jsonRPCError(id: id, error, version: dialect.version).body
    } else {
      body = restError(error, dialect: dialect).body
    }
    SSEEncoder.event(data: body, id: nil, event: dialect == .v1 ? "error" : nil, into: &output)
  }
}
