import A2A
import Bytes
import HTTP
import JSON
import Model
import Network

/// One step of the data plane, run alone.
struct MicroBenchmark {
  let name: String
  /// What the step reads or writes.
  let bytes: Int
  /// Runs the step so many times.
  private let run: (Int) throws -> Void

  private static let runs = 9
  private static let runTime: Duration = .milliseconds(60)

  init(_ name: String, bytes: Int, _ step: @escaping () throws -> Void) {
    self.name = name
    self.bytes = bytes
    run = { count in
      for _ in 0..<count { try step() }
    }
  }

  /// Nanoseconds of one step, the best of several runs, and how many steps one run had.
  func measure() throws -> (nanoseconds: Double, operations: Int) {
    let time = SystemTime()
    var count = 16
    var best = Double.infinity
    var finished = 0
    while finished < MicroBenchmark.runs {
      let begin = time.monotonic()
      try run(count)
      let took = time.monotonic() - begin
      if took < MicroBenchmark.runTime / 2 {
        count *= 2
      } else {
        best = min(best, Double(took.wholeNanoseconds) / Double(count))
        finished += 1
      }
    }
    return (best, count)
  }

  static func all() throws -> [MicroBenchmark] { try json() + http() + sse() + a2a() }

  // MARK: JSON

  private static func json() throws -> [MicroBenchmark] {
    let request = Payload.sendV1.body
    let response = OrqAnswer.response
    let value = try JSONDocument.parse(response).root.value
    return [
      MicroBenchmark("json scan, request", bytes: request.count) { keep(try JSONDocument.parse(request)) },
      MicroBenchmark("json scan, response", bytes: response.count) { keep(try JSONDocument.parse(response)) },
      MicroBenchmark("json write, response", bytes: response.count) {
        var writer = JSONWriter(reserving: 1024)
        writer.value(value)
        keep(writer.finish())
      },
    ]
  }

  // MARK: HTTP

  private static func http() throws -> [MicroBenchmark] {
    let request = try LoadTarget(
      "http://127.0.0.1/agents/echo", version: "1.0", body: Payload.sendV1.body, tls: nil
    ).request
    var fields = HTTPFields()
    fields.add("Content-Type", "application/json")
    fields.add("Cache-Control", "no-store")
    let date = HTTPDate.text(unixSeconds: 1_767_225_600)
    let body = OrqAnswer.response
    var response: [UInt8] = []
    let encode = { (output: inout [UInt8]) in
      HTTPEncoder.responseHead(
        status: 200, fields: fields, framing: .length(body.count), keepAlive: true, minorVersion: 1, date: date,
        into: &output)
      output += body
    }
    encode(&response)
    return [
      MicroBenchmark("http read request", bytes: request.count) { try readRequest(request) },
      MicroBenchmark("http read response", bytes: response.count) { [response] in try readResponse(response) },
      MicroBenchmark("http write response", bytes: response.count) {
        var output: [UInt8] = []
        encode(&output)
        keep(output)
      },
    ]
  }

  private static func readRequest(_ bytes: [UInt8]) throws(HTTPParseError) {
    var decoder = HTTPRequestDecoder(limits: HTTPLimits())
    var input = ByteBuffer()
    input.append(bytes)
    while let event = try decoder.next(&input) {
      switch event {
      case .body(let count): keep(input.take(count))
      case .end(let count): keep(input.take(count))
      case .head(let head): keep(head)
      }
    }
  }

  private static func readResponse(_ bytes: [UInt8]) throws(HTTPParseError) {
    var decoder = HTTPResponseDecoder(limits: HTTPLimits())
    decoder.expect(requestMethod: .post)
    var input = ByteBuffer()
    input.append(bytes)
    while let event = try decoder.next(&input) {
      switch event {
      case .body(let count): keep(input.take(count))
      case .end(let count): keep(input.take(count))
      case .head(let head): keep(head)
      }
    }
  }

  // MARK: Server-sent events

  private static func sse() -> [MicroBenchmark] {
    let event = OrqAnswer.Stream(deltaCount: 1, textBytes: 40).delta
    let data = Array(event.dropFirst(6).dropLast(2))
    return [
      MicroBenchmark("sse read event", bytes: event.count) {
        var decoder = SSEDecoder()
        try decoder.feed(event) { keep($0) }
      },
      MicroBenchmark("sse write event", bytes: event.count) {
        var output: [UInt8] = []
        SSEEncoder.event(data: data, id: "0123abcd.17", into: &output)
        keep(output)
      },
    ]
  }

  // MARK: A2A

  private static func a2a() throws -> [MicroBenchmark] {
    try [(ProtocolVersion.v1_0, Payload.sendV1), (.v0_3, .sendV03)].flatMap { version, payload in
      let body = payload.body
      let request = try JSONRPCRequestReader.read(body)
      guard case .sendMessage(let send) = try decode(body, version) else {
        throw BenchError("the request of \(payload.rawValue) is no send")
      }
      let result = CallResult.sent(.task(task(answering: send.message)))
      func answer() -> [UInt8] {
        var losses: TranslationLosses = []
        var json = JSONWriter()
        ResponseEncoder.result(
          result, id: request.id, dialect: Dialect(version, .jsonRPC), losses: &losses, into: &json)
        return json.finish()
      }
      return [
        MicroBenchmark("a2a \(version.text) decode send", bytes: body.count) { keep(try decode(body, version)) },
        MicroBenchmark("a2a \(version.text) encode task", bytes: answer().count) { keep(answer()) },
      ]
    }
  }

  private static func decode(_ body: [UInt8], _ version: ProtocolVersion) throws -> AgentCall {
    let request = try JSONRPCRequestReader.read(body)
    return try CallDecoder.decode(method: request.method, params: request.params, version: version)
  }

  private static func task(answering message: Message) -> AgentTask {
    AgentTask(
      id: "01K6Z3D8Q4YJ5R7P2W9E6S3F1G", contextID: "01K6Z3D8Q4W1E2R3T4Y5V6N7M8",
      status: TaskStatus(.completed, timestamp: Timestamp(milliseconds: 1_767_225_600_000)),
      artifacts: [Artifact(artifactID: "answer", parts: message.parts)], history: [message])
  }
}
