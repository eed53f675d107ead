import Bytes
import HTTP
import Network
import TestSupport
import Testing

@testable import HTTPTransport

struct HTTPClientTLSTests {
  private static let authority = TestCertificate(name: "authority")

  private static func serverContext(clientCA: TestCertificate? = nil) throws -> TLSContext {
    let own = TestCertificate(name: "a.test", dnsNames: ["a.test"], issuer: authority)
    var configuration = TLSServerConfiguration(
      certificates: [TLSCertificate(chain: own.certificate, key: own.key)])
    if let clientCA {
      configuration.clientCA = clientCA.certificate
      configuration.clientAuthentication = .required
    }
    return try TLSContext(configuration)
  }

  private static func trusting(_ authority: TestCertificate) -> TLSClientConfiguration {
    var configuration = TLSClientConfiguration()
    configuration.authorities = authority.certificate
    return configuration
  }

  private static func request(
    _ harness: ClientHarness, _ server: TestServer, host: String = "a.test", _ tls: TLSClientContext?
  ) throws -> HTTPClientRequest {
    var request = try harness.request(.get, "https://\(host)/a")
    request.address = SocketAddress("127.0.0.1:\(server.port)")
    request.tls = tls
    return request
  }

  @Test func aTrustedServerIsCalledAndItsSessionResumed() throws {
    let server = try TestServer(tls: try HTTPClientTLSTests.serverContext())
    let harness = try ClientHarness()
    let tls = try TLSClientContext(HTTPClientTLSTests.trusting(HTTPClientTLSTests.authority))
    let request = try HTTPClientTLSTests.request(harness, server, tls)
    #expect(try harness.perform(request.copy()).text == "/a")
    #expect(try harness.perform(request.copy()).text == "/a")
    #expect(try server.onLoop { $0.server.counters.accepted } == 1)
    harness.client.closeIdle()
    #expect(try harness.perform(request.copy()).text == "/a")
    let counters = try server.onLoop { $0.server.counters }
    #expect(counters.accepted == 2)
    #expect(counters.handshakesResumed == 1)
    // By address: the certificate names 127.0.0.1 too.
    let byAddress = try harness.perform(try HTTPClientTLSTests.request(harness, server, host: "127.0.0.1", tls))
    #expect(byAddress.text == "/a")
  }

  @Test func anotherAuthorityAnotherNameAndNoAuthorityAreRefused() throws {
    let server = try TestServer(tls: try HTTPClientTLSTests.serverContext())
    let harness = try ClientHarness()
    let right = try TLSClientContext(HTTPClientTLSTests.trusting(HTTPClientTLSTests.authority))
    let wrong = try TLSClientContext(HTTPClientTLSTests.trusting(TestCertificate(name: "another authority")))
    for (host, tls, reason) in [
      ("a.test", wrong, "certificate"), ("b.test", right, "hostname mismatch"), ("a.test", nil, "certificate"),
    ] as [(String, TLSClientContext?, String)] {
      let result = try harness.perform(try HTTPClientTLSTests.request(harness, server, host: host, tls))
      #expect(result.error?.kind == .tls)
      #expect(result.error?.mayHaveArrived == false)
      #expect(result.error?.message.contains(reason) == true)
    }
    var careless = TLSClientConfiguration()
    careless.verifiesServer = false
    let accepted = try harness.perform(
      try HTTPClientTLSTests.request(harness, server, host: "b.test", try TLSClientContext(careless)))
    #expect(accepted.text == "/a")
  }

  @Test func aClientCanProveItself() throws {
    let server = try TestServer(tls: try HTTPClientTLSTests.serverContext(clientCA: HTTPClientTLSTests.authority))
    let harness = try ClientHarness()
    var configuration = HTTPClientTLSTests.trusting(HTTPClientTLSTests.authority)
    let anonymous = try harness.perform(
      try HTTPClientTLSTests.request(harness, server, try TLSClientContext(configuration)))
    #expect(anonymous.error != nil)
    let own = TestCertificate(name: "partner", issuer: HTTPClientTLSTests.authority)
    configuration.certificateChain = own.certificate
    configuration.certificateKey = own.key
    let named = try harness.perform(
      try HTTPClientTLSTests.request(harness, server, try TLSClientContext(configuration)))
    #expect(named.text == "/a")
  }

  /// Whoever cuts a TCP connection must not be able to shorten a body that has no length of its own.
  @Test(arguments: [true, false]) func aBodyUntilTheEndNeedsAProperEnd(_ isAnnounced: Bool) throws {
    let harness = try ClientHarness()
    let socket = try ListeningSocket.bind(to: try #require(SocketAddress("127.0.0.1:0")))
    let context = try HTTPClientTLSTests.serverContext()
    let listener = try Listener(
      loop: harness.loop, socket: socket,
      onAccept: { accepted, address in
        let session = try? context.makeSession()
        let connection = Connection(loop: harness.loop, accepted: accepted, address: address, tls: session)
        connection.delegate = OneAnswer("HTTP/1.1 200 OK\r\n\r\npart", isAnnounced: isAnnounced)
        connection.start()
      }, onError: { _ in })
    defer { listener.close() }
    var request = try harness.request(.get, "https://a.test/")
    request.address = socket.address
    request.tls = try TLSClientContext(HTTPClientTLSTests.trusting(HTTPClientTLSTests.authority))
    let result = try harness.perform(request)
    #expect(result.text == "part")
    #expect(result.hasEnded == isAnnounced)
    #expect(result.error?.kind == (isAnnounced ? nil : .truncated))
  }

  /// A field that is left out of the key could send one upstream's request to another.
  @Test func everyFieldOfTheKeyTellsUpstreamsApart() throws {
    let url = try #require(URI("https://a.test/x"))
    let base = HTTPClientRequest(.get, url)
    let tls = try TLSClientContext()
    let key = UpstreamKey(HTTPRequestForm(base), tls: tls)
    let same = HTTPClientRequest(.post, try #require(URI("https://A.test:443/y?z")))
    #expect(UpstreamKey(HTTPRequestForm(same), tls: tls) == key)
    for other in ["http://a.test:443/x", "https://b.test/x", "https://a.test:444/x"] {
      let form = HTTPRequestForm(HTTPClientRequest(.get, try #require(URI(other))))
      #expect(UpstreamKey(form, tls: tls) != key)
    }
    var pinned = base.copy()
    pinned.address = SocketAddress("127.0.0.1:443")
    #expect(UpstreamKey(HTTPRequestForm(pinned), tls: tls) != key)
    #expect(UpstreamKey(HTTPRequestForm(base), tls: try TLSClientContext()) != key)
    #expect(UpstreamKey(HTTPRequestForm(base), tls: nil) != key)
  }
}

/// Answers the first bytes with fixed ones, and closes with or without close_notify.
private final class OneAnswer: ConnectionDelegate {
  private let answer: [UInt8]
  private let isAnnounced: Bool

  init(_ answer: String, isAnnounced: Bool) {
    self.answer = Array(answer.utf8)
    self.isAnnounced = isAnnounced
  }

  func connectionEstablished(_ connection: Connection) {}

  func connectionReceived(_ connection: Connection, _ input: inout ByteBuffer) {
    input.clear(keepingCapacity: true)
    connection.write(answer)
  }

  func connectionFlushed(_ connection: Connection) { connection.close(isAnnounced ? nil : .timedOut) }

  func connectionEnded(_ connection: Connection, clean: Bool) {}

  func connectionClosed(_ connection: Connection, error: ConnectionError?) {}
}
