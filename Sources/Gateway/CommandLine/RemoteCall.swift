internal import Configuration
internal import HTTP
internal import HTTPTransport
internal import Network

/// The other side could not be reached or did not answer; exit code 4.
struct RemoteUnreachable: Error {
  let message: String
}

/// One HTTP call of a command, on a loop of its own.
struct RemoteCall {
  /// PEM file of the authority to trust instead of the system's.
  var authorityFile: String?
  var timeouts: HTTPClientTimeouts
  /// Where to connect whatever the URL's host is: a Unix socket.
  var address: SocketAddress?
  /// To the last byte of the answer; nil for as long as it takes.
  var time: Duration?
  var answerBytesMax = Int.max

  init(authorityFile: String?, address: SocketAddress? = nil) {
    self.authorityFile = authorityFile
    self.address = address
    timeouts = HTTPClientTimeouts()
    // An agent may think for a while before it says anything.
    timeouts.firstByte = .seconds(900)
    timeouts.silence = .seconds(900)
  }

  /// A call for a document, which is there at once or not at all: at most 4 MiB within half a minute, from whomever.
  static func forDocument(authorityFile: String?) -> RemoteCall {
    var call = RemoteCall(authorityFile: authorityFile)
    call.time = .seconds(30)
    call.answerBytesMax = documentBytesMax
    return call
  }

  static let documentBytesMax = 4 * 1024 * 1024

  struct Answer {
    var status = 0
    var contentType = ""
    var body: [UInt8] = []
  }

  /// Sends a request and waits for its end.
  ///
  /// - Parameter onBody: gets the body piece by piece when the answer is an event stream; it is not collected then.
  func run(
    _ method: HTTPMethod, _ url: String, fields: HTTPFields = HTTPFields(), body: [UInt8] = [],
    onBody: @escaping ([UInt8]) -> Void = { _ in }
  ) throws -> Answer {
    guard let uri = URI(url) else { throw UsageError(message: "\"\(url)\" is no http or https URL") }
    var request = HTTPClientRequest(method, uri, fields: fields, body: body)
    request.timeouts = timeouts
    request.address = address
    request.responseBytesMax = answerBytesMax
    if uri.isSecure { request.tls = try tls() }
    let loop = try EventLoop()
    let client = HTTPClient(loop: loop)
    var answer = Answer()
    var failure: HTTPClientError?
    let handlers = HTTPClientHandlers(
      onHead: { head in
        answer.status = head.status
        answer.contentType = head.fields["content-type"] ?? ""
      },
      onBody: { bytes in
        if answer.contentType.hasPrefix("text/event-stream") { onBody(bytes) } else { answer.body += bytes }
      },
      onEnd: { [unowned loop] in loop.stop() },
      onError: { [unowned loop] error in
        failure = error
        loop.stop()
      })
    let call = client.send(request, handlers)
    if let time {
      _ = loop.schedule(after: time) { [unowned loop] in
        failure = HTTPClientError(
          kind: .silenceTimeout, message: "it has not answered in full within \(time.components.seconds) s",
          mayHaveArrived: true)
        loop.stop()
      }
    }
    loop.run()
    call.cancel()
    client.closeIdle()
    if let failure { throw RemoteUnreachable(message: "\(url): \(failure.message)") }
    return answer
  }

  /// How https servers are proven.
  func tls() throws -> TLSClientContext {
    var configuration = TLSClientConfiguration()
    if let authorityFile {
      do {
        configuration.authorities = try BoundedFile.read(authorityFile, bytesMax: 4 * 1024 * 1024)
      } catch {
        throw UsageError(message: "\(authorityFile): \(error.message)")
      }
    }
    return try TLSClientContext(configuration)
  }
}
