import Bytes
import HTTP
import TestSupport

/// What a decoder made of a stream, in lines that do not depend on how the bodies were cut: each message as its head, its
/// body and its end, and at last the error, if any.
struct Transcript: Equatable, CustomStringConvertible {
  var lines: [String] = []
  var error: HTTPParseError.Kind?
  var status: Int?
  /// Bytes that were left in the buffer.
  var rest = 0
  private var body: [UInt8] = []

  var description: String { "\(lines) \(error.map { "\($0)" } ?? "fine") \(rest)" }

  mutating func head(_ text: String) { lines.append(text) }
  mutating func body(_ bytes: [UInt8]) { body += bytes }

  mutating func end() {
    lines.append("body \(String(decoding: body, as: UTF8.self))")
    body = []
  }

  mutating func fail(_ failure: HTTPParseError) {
    error = failure.kind
    status = failure.status
  }
}

enum Requests {
  static func decode(_ pieces: [[UInt8]], _ limits: HTTPLimits = HTTPLimits()) -> Transcript {
    var transcript = Transcript()
    var decoder = HTTPRequestDecoder(limits: limits)
    var input = ByteBuffer()
    do throws(HTTPParseError) {
      for piece in pieces {
        input.append(piece)
        while let event = try decoder.next(&input) {
          switch event {
          case .head(let head): transcript.head(describe(head))
          case .body(let count): transcript.body(input.take(count))
          case .end(let count):
            transcript.body(input.take(count))
            transcript.end()
          }
        }
      }
      transcript.rest = input.count
    } catch {
      transcript.fail(error)
    }
    return transcript
  }

  static func decode(_ text: String, _ limits: HTTPLimits = HTTPLimits()) -> Transcript {
    decode([Array(text.utf8)], limits)
  }

  static func head(_ text: String) throws(Missing) -> HTTPRequestHead {
    var decoder = HTTPRequestDecoder(limits: HTTPLimits())
    var input = ByteBuffer()
    input.append(utf8: text)
    guard case .head(let head)? = try? decoder.next(&input) else { throw Missing() }
    return head
  }

  struct Missing: Error {}

  private static func describe(_ head: borrowing HTTPRequestHead) -> String {
    var text = "\(head.method.name) \(head.path) \(head.query ?? "-") 1.\(head.minorVersion)"
    head.fields.forEach { text += " \($0.lowercased())=\($1)" }
    return text + (head.keepAlive ? " keep" : " close") + (head.expectsContinue ? " expect" : "")
  }
}

enum Responses {
  /// - Parameter methods: of the requests that are answered.
  static func decode(_ pieces: [[UInt8]], to methods: [HTTPMethod], ends: Bool = true) -> Transcript {
    var transcript = Transcript()
    var decoder = HTTPResponseDecoder(limits: HTTPLimits())
    for method in methods { decoder.expect(requestMethod: method) }
    var input = ByteBuffer()
    func take(_ event: consuming HTTPResponseDecoder.Event) {
      switch event {
      case .head(let head):
        transcript.head("\(head.status) \(head.reason) \(head.keepAlive ? "keep" : "close") \(head.fields.count)")
      case .body(let count): transcript.body(input.take(count))
      case .end(let count):
        transcript.body(input.take(count))
        transcript.end()
      }
    }
    do throws(HTTPParseError) {
      for piece in pieces {
        input.append(piece)
        while let event = try decoder.next(&input) { take(event) }
      }
      if ends, let event = try decoder.endOfInput() { take(event) }
      transcript.rest = input.count
    } catch {
      transcript.fail(error)
    }
    return transcript
  }

  static func decode(_ text: String, to methods: [HTTPMethod] = [.get]) -> Transcript {
    decode([Array(text.utf8)], to: methods)
  }
}
