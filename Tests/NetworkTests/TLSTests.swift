import Network
import Synchronization
import TestSupport
import Testing

struct TLSTests {
  static let authority = TestCertificate(name: "Test authority")

  static func context(names: [String], _ change: (inout TLSServerConfiguration) -> Void = { _ in }) throws -> TLSContext
  {
    let certificates = names.map { name in
      let certificate = TestCertificate(name: name, dnsNames: [name, "*.\(name)"], issuer: authority)
      return TLSCertificate(chain: certificate.certificate, key: certificate.key)
    }
    var configuration = TLSServerConfiguration(certificates: certificates)
    change(&configuration)
    return try TLSContext(configuration)
  }

  private static func client(_ change: (inout RawClient.TLS) -> Void = { _ in }) -> RawClient.TLS {
    var tls = RawClient.TLS(serverName: "a.test")
    tls.authority = authority.certificate
    change(&tls)
    return tls
  }

  @Test func bothVersionsAreSpoken() throws {
    let server = try EchoServer(tls: try TLSTests.context(names: ["a.test"]))
    for (version, name) in [(RawClient.TLS.version12, "TLSv1.2"), (RawClient.TLS.version13, "TLSv1.3")] {
      let client = try RawClient(port: server.port, tls: TLSTests.client { $0.version = version })
      try client.send("hello")
      #expect(try client.receive(count: 5) == Array("hello".utf8))
      #expect(client.tlsVersion == name)
      let peer = try #require(server.record.peers.withLock { $0.last })
      #expect(peer.tlsVersion == name)
      #expect(peer.sni == "a.test")
      #expect(peer.cipher != nil)
      #expect(peer.clientCertificateSubject == nil)
    }
  }

  @Test func aMinimumVersionIsKept() throws {
    let server = try EchoServer(tls: try TLSTests.context(names: ["a.test"]) { $0.minimumVersion = .tls13 })
    #expect(throws: RawClient.Failure.self) {
      _ = try RawClient(port: server.port, tls: TLSTests.client { $0.version = RawClient.TLS.version12 })
    }
  }

  @Test(arguments: [RawClient.TLS.version12, RawClient.TLS.version13])
  func theAskedNameChoosesTheCertificate(_ version: Int32) throws {
    let server = try EchoServer(tls: try TLSTests.context(names: ["a.test", "b.test"]))
    for (name, expected) in [
      ("a.test", "a.test"), ("b.test", "b.test"), ("sub.b.test", "b.test"), ("c.test", "a.test"), (nil, "a.test"),
    ] {
      let client = try RawClient(
        port: server.port,
        tls: TLSTests.client {
          $0.serverName = name
          $0.version = version
        })
      #expect(client.serverCommonName == expected)
    }
  }

  @Test func http11IsAgreedAndOtherOffersDoNotFail() throws {
    let server = try EchoServer(tls: try TLSTests.context(names: ["a.test"]))
    for (offer, agreed) in [(["h2", "http/1.1"], "http/1.1"), (["h2"], nil), ([], nil)] {
      let client = try RawClient(port: server.port, tls: TLSTests.client { $0.protocols = offer })
      #expect(client.applicationProtocol == agreed)
    }
  }

  @Test(arguments: [RawClient.TLS.version12, RawClient.TLS.version13])
  func sessionsAreResumedWhateverTheCertificate(_ version: Int32) throws {
    let server = try EchoServer(tls: try TLSTests.context(names: ["a.test", "b.test"]))
    for name in ["a.test", "b.test"] {
      let settings = TLSTests.client {
        $0.version = version
        $0.serverName = name
      }
      let first = try RawClient(port: server.port, tls: settings)
      // TLS 1.3 hands out its ticket after the handshake, before these bytes.
      try first.send("x")
      _ = try first.receive(count: 1)
      #expect(!first.isResumed)
      var again = settings
      again.resumes = first
      let second = try RawClient(port: server.port, tls: again)
      try second.send("y")
      #expect(try second.receive(count: 1) == [UInt8(ascii: "y")])
      #expect(second.isResumed)
      #expect(server.record.peers.withLock { $0.last?.isResumed } == true)
    }
  }

  @Test func aClientThatTrustsAnotherAuthorityRefusesTheServer() throws {
    let server = try EchoServer(tls: try TLSTests.context(names: ["a.test"]))
    let other = TestCertificate(name: "Another authority")
    #expect(throws: RawClient.Failure.self) {
      _ = try RawClient(port: server.port, tls: TLSTests.client { $0.authority = other.certificate })
    }
  }

  @Test func aCloseWithoutNoticeIsNotAClean() throws {
    let server = try EchoServer(tls: try TLSTests.context(names: ["a.test"]))
    for (properly, count) in [(true, 1), (false, 2)] {
      let client = try RawClient(port: server.port, tls: TLSTests.client())
      try client.send("x")
      _ = try client.receive(count: 1)
      if properly { client.finishSending() } else { client.close() }
      try eventually("the end of the connection") { server.record.endings.withLock { $0.count } >= count }
      #expect(server.record.endings.withLock { $0.last } == properly)
    }
  }

  @Test func clientCertificatesAreAskedForAndNamed() throws {
    let required = try TLSTests.context(names: ["a.test"]) {
      $0.clientCA = TLSTests.authority.certificate
      $0.clientAuthentication = .required
    }
    let server = try EchoServer(tls: required)
    let own = TestCertificate(name: "partner, inc", issuer: TLSTests.authority)
    let client = try RawClient(
      port: server.port, tls: TLSTests.client { $0.certificate = (own.certificate, own.key) })
    try client.send("x")
    _ = try client.receive(count: 1)
    let peer = try #require(server.record.peers.withLock { $0.last })
    #expect(peer.clientCertificateSubject == "CN=partner\\, inc")
    #expect(peer.clientCertificateFingerprint?.count == 64)
    let again = try RawClient(
      port: server.port,
      tls: TLSTests.client {
        $0.certificate = (own.certificate, own.key)
        $0.resumes = client
      })
    try again.send("x")
    _ = try again.receive(count: 1)
    let resumed = try #require(server.record.peers.withLock { $0.last })
    #expect(resumed.isResumed)
    #expect(resumed.clientCertificateSubject == peer.clientCertificateSubject)

    let stranger = TestCertificate(name: "stranger", issuer: TestCertificate(name: "Another authority"))
    for certificate in [nil, (chain: stranger.certificate, key: stranger.key)] {
      // A TLS 1.3 client hears of it only with its first read.
      #expect(throws: RawClient.Failure.self) {
        let refused = try RawClient(port: server.port, tls: TLSTests.client { $0.certificate = certificate })
        try refused.send("x")
        _ = try refused.receive(count: 1)
      }
    }
  }

  @Test func brokenSettingsAreExplained() throws {
    let good = TestCertificate(name: "a.test", issuer: TLSTests.authority)
    let other = TestCertificate(name: "b.test", issuer: TLSTests.authority)
    func message(_ chain: [UInt8], _ key: [UInt8]) -> String {
      do throws(TLSError) {
        _ = try TLSContext(TLSServerConfiguration(certificates: [TLSCertificate(chain: chain, key: key)]))
        return ""
      } catch {
        return error.message
      }
    }
    #expect(message(good.certificate, good.key) == "")
    #expect(message(good.certificate, other.key).hasPrefix("the private key does not belong to the certificate"))
    #expect(message([], good.key) == "the certificate file holds no certificate in PEM form")
    #expect(message(Array("garbage".utf8), good.key) == "the certificate file holds no certificate in PEM form")
    #expect(message(good.certificate, []).hasPrefix("the private key cannot be read"))
    let cut = Array(good.certificate.prefix(100))
    #expect(message(cut, good.key).hasPrefix("the certificate file cannot be read"))
  }

  @Test func garbageInsteadOfAHandshakeClosesTheConnection() throws {
    let server = try EchoServer(tls: try TLSTests.context(names: ["a.test"]))
    let client = try RawClient(port: server.port)
    try client.send("GET / HTTP/1.1\r\n\r\n")
    _ = try? client.receiveAll()
    try eventually("the failure") { server.record.failures.withLock { !$0.isEmpty } }
    #expect(server.record.failures.withLock { $0.first } == "TLS: http request")
  }
}
