import Bytes
import JSON
import Telemetry
import Testing

private func logger(_ sink: MemorySink, level: LogLevel = .trace) -> Logger {
  Logger(level: level, sink: sink, wallMilliseconds: { 1_795_228_945_596 })
}

private func parse(_ line: String) throws -> JSONNode { try JSONDocument.parse(Array(line.utf8)).root }

@Suite struct LoggerTests {
  @Test func writesOneJSONObjectWithTimeLevelMessageAndFields() throws {
    let sink = MemorySink()
    logger(sink).info("Listening.", ["port": 8080, "tls": false, "load": 0.5, "name": "a\"b"])
    #expect(
      sink.lines == [
        #"{"time":"2026-11-21T02:42:25.596Z","level":"info","message":"Listening.","port":8080,"tls":false,"load":0.5,"name":"a\"b"}"#
      ])
  }

  @Test func leavesOutWhatIsBelowTheLevelWithoutEvaluatingIt() {
    let sink = MemorySink()
    var evaluated = 0
    func expensive() -> LogValue {
      evaluated += 1
      return "x"
    }
    let quiet = logger(sink, level: .warning)
    quiet.info("no", ["field": expensive()])
    quiet.warning("yes", ["field": expensive()])
    #expect(sink.lines.count == 1)
    #expect(evaluated == 1)
  }

  @Test func carriesTheFieldsOfWithInEveryLine() throws {
    let sink = MemorySink()
    let inner = logger(sink).with(["request": "r1"]).with(["agent": "echo"])
    inner.error("Failed.", ["count": 3])
    let line = try parse(try #require(sink.lines.first))
    #expect(line["request"]?.string == "r1")
    #expect(line["agent"]?.string == "echo")
    #expect(line["count"]?.int64 == 3)
  }

  @Test func escapesControlsSoThatNoLineCanBeForged() throws {
    let sink = MemorySink()
    let hostile = "a\n{\"level\":\"error\"}\u{1B}[2J\u{7F}\u{9B}31m\u{0}é\u{A0}\u{2028}"
    logger(sink).info("Input.", ["text": .string(hostile)])
    #expect(sink.lines.count == 1)
    let text = try #require(sink.lines.first)
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    #expect(try parse(text)["text"]?.string == hostile)
  }

  @Test(arguments: [2046, 2047, 2048, 2049, 5000])
  func cutsLongValuesAtACharacter(_ count: Int) throws {
    let sink = MemorySink()
    logger(sink).info("Long.", ["text": .string(String(repeating: "x", count: count) + "€€")])
    let line = try #require(sink.lines.first)
    let value = try #require(try parse(line)["text"]?.string)
    #expect(value.utf8.count <= LogLine.valueBytesMax + 3)
    #expect(value.hasSuffix("…"))
    #expect(!value.contains("\u{FFFD}"))
  }

  @Test func boundsALineAndSaysSo() throws {
    let sink = MemorySink()
    let long = LogValue.string(String(repeating: "\u{1}", count: 3000))
    let inner = logger(sink).with(["a": long, "b": long])
    inner.info("Long.", ["c": long, "d": long, "e": long])
    let line = try #require(sink.lines.first)
    #expect(line.utf8.count < 2 * LogLine.lineBytesMax)
    #expect(try parse(line)["truncated"]?.bool == true)
  }

  @Test func writesNumbersThatJSONLacksAsText() throws {
    let sink = MemorySink()
    logger(sink).info("Numbers.", ["inf": .double(.infinity), "nan": .double(.nan), "tiny": 1e-300])
    let line = try parse(try #require(sink.lines.first))
    #expect(line["inf"]?.string == "inf")
    #expect(line["nan"]?.string == "nan")
    #expect(line["tiny"]?.double == 1e-300)
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_005, "2000-02-29T00:00:00.005Z"),
  ])
  func writesTimesOfAnyYear(_ milliseconds: Int64, _ text: String) throws {
    let sink = MemorySink()
    Logger(sink: sink, wallMilliseconds: { milliseconds }).info("Now.")
    #expect(try parse(try #require(sink.lines.first))["time"]?.string == text)
  }
}

@Suite struct AccessLogTests {
  @Test func keepsLinesUntilTheyAreFlushed() throws {
    let sink = MemorySink()
    var now: Int64 = 1000
    let log = AccessLog(sink: sink, wallMilliseconds: { now })
    log.record { line in
      line.field("method", "GET")
      line.field("path", "/a b\n")
      line.field("status", 200)
      line.field("duration_ms", millisecondsOfNanoseconds: 12_345_678)
      line.field("raw", utf8: [0x61, 0xFF])
    }
    now = 2500
    log.record { line in line.field("tls", true) }
    #expect(sink.lines.isEmpty)
    log.flush()
    #expect(
      sink.lines == [
        #"{"time":"1970-01-01T00:00:01.000Z","method":"GET","path":"/a b\n","status":200,"duration_ms":12.345,"raw":"a\#u{FFFD}"}"#,
        #"{"time":"1970-01-01T00:00:02.500Z","tls":true}"#,
      ])
    log.flush()
    #expect(sink.lines.count == 2)
  }

  @Test func handsOverEarlyWhenMuchWaits() {
    let sink = MemorySink()
    let log = AccessLog(sink: sink, wallMilliseconds: { 0 })
    var lines = 0
    while sink.lines.isEmpty, lines < 100_000 {
      log.record { line in line.field("path", String(repeating: "p", count: 500)) }
      lines += 1
    }
    #expect(sink.lines.count == lines)
    #expect(lines * 500 < AccessLog.bytesMax)
  }
}
