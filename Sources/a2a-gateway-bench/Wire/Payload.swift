/// What is sent: requests of about 250 bytes.
enum Payload: String, CaseIterable {
  case sendV1 = "a2a-1.0"
  case sendV03 = "a2a-0.3"
  case streamV1 = "a2a-1.0-stream"
  case streamV03 = "a2a-0.3-stream"
  case orq = "orq"
  case orqStream = "orq-stream"

  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  var body: [UInt8] { Array(text.utf8) }

  /// The value of `A2A-Version`, where it is needed.
  var version: String? {
    switch self {
    case .sendV1, .streamV1: "1.0"
    case .sendV03, .streamV03, .orq, .orqStream: nil
    }
  }

  private var text: String {
    switch self {
    case .sendV1: Payload.v1(method: "SendMessage")
    case .streamV1: Payload.v1(method: "SendStreamingMessage")
    case .sendV03: Payload.v03(method: "message/send")
    case .streamV03: Payload.v03(method: "message/stream")
    case .orq: Payload.orq(stream: false)
    case .orqStream: Payload.orq(stream: true)
    }
  }

  private static let messageID = "0d5c4cb6-8f1e-4a55-9d2b-2a3b0c1d4e5f"
  private static let words = "The quick brown fox jumps over the lazy dog, twice a day, once at night."

  private static func v1(method: String) -> String {
    """
    {"jsonrpc":"2.0","id":"request-1","method":"\(method)","params":{"message":\
    {"messageId":"\(messageID)","role":"ROLE_USER","parts":[{"text":"\(words)"}]}}}
    """
  }

  private static func v03(method: String) -> String {
    """
    {"jsonrpc":"2.0","id":"request-1","method":"\(method)","params":{"message":\
    {"kind":"message","messageId":"\(messageID)","role":"user","parts":[{"kind":"text","text":"\(words)"}]}}}
    """
  }

  private static func orq(stream: Bool) -> String {
    """
    {"message":{"messageId":"\(messageID)","role":"user","parts":[{"kind":"text","text":"\(words)"}]},\
    "identity":{"id":"anonymous"},"background":false,"stream":\(stream)}
    """
  }
}
