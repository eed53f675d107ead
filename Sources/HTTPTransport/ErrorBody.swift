import Bytes

/// The body of the transport's own answers: `{"error":{"code":400,"message":"…"}}`.
enum ErrorBody {
  static func json(_ status: Int, _ message: String) -> [UInt8] {
    var body: [UInt8] = []
    body.append("{\"error\":{\"code\":")
    body.append(decimal: status)
    body.append(",\"message\":\"")
    // The messages are this program's own words, but never trust a text to need no escaping.
    for byte in message.utf8 where byte >= 0x20 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { body.append(UInt8(ascii: "\\")) }
      body.append(byte)
    }
    body.append("\"}}")
    return body
  }
}
