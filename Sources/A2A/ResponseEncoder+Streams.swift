import Bytes
import HTTP
public import JSON
public import Model

extension ResponseEncoder {
  /// One event of a stream, as a server-sent event.
  ///
  /// - Parameters:
  ///   - final: whether the stream ends with this event; 0.3 clients need to be told.
  ///   - id: of the JSON-RPC request; nil over REST.
  ///   - eventID: the cursor that a client may send back as `Last-Event-ID`.
  public static func streamEvent(
    _ event: TaskEvent, final: Bool, dialect: Dialect, id: JSONFragment?, eventID: EventID? = nil,
    losses: inout TranslationLosses
  ) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(512)
    eventID?.appendLine(to: &frame)
    SSEEncoder.beginEvent(into: &frame)
    // What is written here has no line ends, which would end the event or begin another one.
    var json = JSONWriter(appendingTo: frame)
    var encoder = WireEncoder(dialect)
    if let id { beginEnvelope(id, into: &json) }
    encoder.streamEvent(event, final: final, into: &json)
    if id != nil { json.endObject() }
    losses.formUnion(encoder.losses)
    frame = json.finish(room: 2)
    SSEEncoder.endEvent(into: &frame)
    return frame
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
