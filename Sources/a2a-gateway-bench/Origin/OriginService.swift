import HTTP
import HTTPTransport
import JSON
import Network

/// How the origin streams.
struct OriginPlan: Sendable {
  var stream = OrqAnswer.Stream(deltaCount: 100, textBytes: 40)
  /// Between two events; nil for as fast as they are taken.
  var pace: Duration?
}

/// The upstream of a measurement: gives fixed answers at the lowest cost there is, so that what is measured is what
/// stands in front of it.
final class OriginService: HTTPService {
  var plan: OriginPlan
  private(set) var eventsSent = 0
  private var streamCount = 0
  private var openStreams: [ObjectIdentifier: OriginStream] = [:]

  private let answer: HTTPFields
  private let eventStream: HTTPFields
  private static let bodyBytesMax = 1024 * 1024

  init(_ plan: OriginPlan) {
    self.plan = plan
    var answer = HTTPFields()
    answer.add("Content-Type", "application/json")
    self.answer = answer
    var eventStream = HTTPFields()
    eventStream.add("Content-Type", "text/event-stream")
    eventStream.add("Cache-Control", "no-cache")
    // nginx passes events on as they come.
    eventStream.add("X-Accel-Buffering", "no")
    self.eventStream = eventStream
  }

  func head(of exchange: HTTPExchange) -> HeadDecision {
    .accept(bodyBytesMax: OriginService.bodyBytesMax)
  }

  func request(_ exchange: HTTPExchange, body: consuming [UInt8]) {
    guard asksForStream(body) else {
      return exchange.respond(status: 200, fields: answer, body: OrqAnswer.response)
    }
    exchange.startStream(status: 200, fields: eventStream)
    let stream = OriginStream(self, exchange)
    openStreams[ObjectIdentifier(exchange)] = stream
    stream.start()
  }

  func finished(_ exchange: HTTPExchange) { openStreams[ObjectIdentifier(exchange)] = nil }

  /// Ends the streams that are under way. A gateway goes on with a task when its caller has gone, which must not go on
  /// into the measurement of the next server.
  func endStreams() {
    for stream in openStreams.values { stream.finish() }
  }

  func noteEvents(_ count: Int) { eventsSent += count }

  /// When within a pace the next stream speaks. Streams that begin together spread over it evenly, however many they are
  /// (multiples of the golden ratio do): otherwise it would be the measured server's speed at their beginning that decides
  /// how many events it finds at a time, ever after.
  func nextPhase() -> Double {
    streamCount += 1
    return (Double(streamCount) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1)
  }

  private func asksForStream(_ body: [UInt8]) -> Bool {
    guard let document = try? JSONDocument.parse(body) else { return false }
    return document.root["stream"]?.bool == true
  }
}

/// One event stream under way. The exchange's handlers and the timer keep it; both let go when the stream ends.
private final class OriginStream {
  private let service: OriginService
  private let exchange: HTTPExchange
  private let plan: OriginPlan
  private var sent = 0
  private var due: MonotonicTime

  /// Written at once; the rest waits until these have left.
  private static let bufferedBytesMax = 64 * 1024

  init(_ service: OriginService, _ exchange: HTTPExchange) {
    self.service = service
    self.exchange = exchange
    plan = service.plan
    due = exchange.loop.now
  }

  func start() {
    exchange.write(plan.stream.opening)
    service.noteEvents(1)
    if let pace = plan.pace {
      due = due + pace * service.nextPhase()
      scheduleNext(pace)
    } else {
      exchange.onDrained = { [self] in pump() }
      pump()
    }
  }

  private func pump() {
    let before = sent
    while sent < plan.stream.deltaCount, exchange.bufferedBytes < OriginStream.bufferedBytesMax {
      exchange.write(plan.stream.delta)
      sent += 1
    }
    service.noteEvents(sent - before)
    if sent == plan.stream.deltaCount { finish() }
  }

  /// The next event is due one pace after the last was due, however late that one was.
  private func scheduleNext(_ pace: Duration) {
    due = due + pace
    let wait = due - exchange.loop.now
    _ = exchange.loop.schedule(after: wait) { [self] in
      guard !exchange.isEnded else { return }
      exchange.write(plan.stream.delta)
      service.noteEvents(1)
      sent += 1
      if sent == plan.stream.deltaCount { finish() } else { scheduleNext(pace) }
    }
  }

  func finish() {
    guard !exchange.isEnded else { return }
    for event in plan.stream.closing { exchange.write(event) }
    service.noteEvents(plan.stream.closing.count - 1)
    exchange.finish()
  }
}
