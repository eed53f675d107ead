import HTTP
import Model

/// Reads the answer of a service: what a command agent would print, as a body or as an event stream. No I/O.
struct ServiceAnswer: UpstreamAnswer {
  static let comesInSmallPieces = false

  /// A service that understands a message and refuses it says so by 422 (RFC 9110 §15.5.21).
  static func event(forStatus status: Int) -> TurnEvent? {
    status == 422 ? .status(.rejected, FailureText.refused) : nil
  }

  private enum Form {
    /// One event after another, or text.
    case lines
    /// One event, which may have line breaks.
    case object([UInt8])
    case stream(SSEDecoder)
  }

  private let eventBytesMax: Int
  private let answerBytesMax: Int
  private var form = Form.lines
  private var parser: AgentOutputParser

  init(_ bounds: UpstreamBounds) {
    eventBytesMax = bounds.eventBytesMax
    answerBytesMax = bounds.answerBytesMax
    parser = AgentOutputParser(lineBytesMax: eventBytesMax, outputBytesMax: answerBytesMax)
  }

  /// Only an event of the service itself ends its answer before the body does.
  var isComplete: Bool { parser.hasEnded }

  mutating func begin(contentType: MediaType?, _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    switch contentType.map({ "\($0.type)/\($0.subtype)" }) {
    case "text/event-stream": form = .stream(SSEDecoder(eventBytesMax: eventBytesMax))
    case "application/json": form = .object([])
    case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
      parser = AgentOutputParser(lineBytesMax: eventBytesMax, outputBytesMax: answerBytesMax, isEvents: true)
    default: break
    }
  }

  mutating func receive(_ bytes: [UInt8], _ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    switch form {
    case .lines: try parse { parser throws(AgentOutputFault) in try parser.receive(bytes, emit) }
    case .object(var body):
      form = .object([])
      body += bytes
      if body.count > eventBytesMax { throw UpstreamFault(.tooLong, "the event is longer than is allowed") }
      form = .object(body)
    case .stream(var decoder):
      var events: [SSEEvent] = []
      do {
        try decoder.feed(bytes) { events.append($0) }
      } catch {
        throw UpstreamFault(.tooLong, "an event is longer than is allowed")
      }
      form = .stream(decoder)
      for event in events {
        try parse { parser throws(AgentOutputFault) in try parser.receive(event: event.data, emit) }
      }
    }
  }

  mutating func finish(_ emit: (consuming TurnEvent) -> Void) throws(UpstreamFault) {
    if case .object(let body) = form, !body.isEmpty {
      try parse { parser throws(AgentOutputFault) in try parser.receive(event: body, emit) }
    }
    try parse { parser throws(AgentOutputFault) in try parser.finish(emit) }
    if !parser.hasEnded { emit(.status(.completed)) }
  }

  private mutating func parse(
    _ body: (inout AgentOutputParser) throws(AgentOutputFault) -> Void
  ) throws(UpstreamFault) {
    do throws(AgentOutputFault) {
      try body(&parser)
    } catch {
      switch error {
      case .outputTooLong: throw UpstreamFault(.tooLong, "the answer is longer than is allowed")
      case .lineTooLong(let line): throw UpstreamFault(.tooLong, "line \(line) is longer than is allowed")
      case .protocolBroken(let line, let reason): throw UpstreamFault(.notUnderstood, "event \(line): \(reason)")
      }
    }
  }
}
