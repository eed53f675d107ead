import HTTP

/// What the origin says: an answer of the Orq Agents API, whole or as an event stream of the response family.
enum OrqAnswer {
  /// About 0.9 KB with its text.
  static let response = Array(
    """
    {"_id":"resp_01K6Z3D8Q4M7V2X9C5B1N0H8TA","task_id":"01K6Z3D8Q4YJ5R7P2W9E6S3F1G","output":[{"messageId":\
    "01K6Z3D8Q4N8B6V4C2X0Z9A7S5","role":"agent","parts":[{"kind":"text","text":"\(answer)"}]}],\
    "created_at":"2026-01-01T00:00:00.000Z","model":"openai/gpt-4o","finish_reason":"stop",\
    "usage":{"completion_tokens":96,"prompt_tokens":48,"total_tokens":144}}
    """.utf8)

  private static let answer = String(
    repeating: "The dog was not as lazy as everybody thought: it let the fox jump and slept on. ", count: 7)

  /// The events of one stream, each as its bytes on the wire.
  struct Stream: Sendable {
    let opening: [UInt8]
    let delta: [UInt8]
    let closing: [[UInt8]]
    let deltaCount: Int

    /// All of them, the final `[DONE]` not counted.
    var eventCount: Int { deltaCount + 3 }

    /// - Parameter textBytes: of each `part.delta`.
    init(deltaCount: Int, textBytes: Int) {
      self.deltaCount = deltaCount
      let text = String(String(repeating: "a word and ", count: textBytes / 11 + 1).prefix(textBytes))
      let whole = String(repeating: text, count: deltaCount)
      opening = Stream.frame(
        "response.started",
        """
        {"responseId":"resp_01K6Z3D8Q4M7V2X9C5B1N0H8TA","taskId":"01K6Z3D8Q4YJ5R7P2W9E6S3F1G",\
        "model":"openai/gpt-4o","workflowRunId":"01K6Z3D8Q4W1"}
        """)
      delta = Stream.frame("part.delta", #"{"partId":"text_1","delta":{"kind":"text","text":"\#(text)"}}"#)
      closing = [
        Stream.frame("part.done", #"{"partId":"text_1","part":{"kind":"text","text":"\#(whole)"}}"#),
        Stream.frame("response.done", #"{"finishReason":"stop"}"#),
        Array("data: [DONE]\n\n".utf8),
      ]
    }

    private static func frame(_ type: String, _ data: String) -> [UInt8] {
      Array(#"data: {"type":"\#(type)","timestamp":"2026-01-01T00:00:00.000Z","data":\#(data)}"#.utf8) + [0x0A, 0x0A]
    }
  }
}

/// Counts server-sent events by the empty lines that end them, whatever pieces they come in.
struct EventCounter {
  private var endsInLineFeed = false

  /// The events that end within these bytes.
  mutating func count(_ bytes: Span<UInt8>) -> Int {
    var count = 0
    var isAfterLineFeed = endsInLineFeed
    for index in bytes.indices {
      let isLineFeed = bytes[index] == 0x0A
      if isLineFeed, isAfterLineFeed { count += 1 }
      isAfterLineFeed = isLineFeed
    }
    endsInLineFeed = isAfterLineFeed
    return count
  }
}
