import Configuration
import Foundation
import JSON
import TestSupport
import Testing

@testable import Gateway

/// Files of a test, gone with it.
private final class Folder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent(
    "gateway-\(UInt64.random(in: 0...UInt64.max))")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = url.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return file.path
  }
}

@Test(arguments: Wire.allCases)
func anAgentIsServedOverTLSUnderItsHTTPSAddress(_ wire: Wire) throws {
  let authority = TestCertificate(name: "authority")
  let certificate = TestCertificate(name: "gateway", dnsNames: ["localhost"], issuer: authority)
  let folder = try Folder()
  let pair = TLSConfiguration.Certificate(
    certificate: try folder.file("chain.pem", certificate.certificate),
    key: .file(try folder.file("key.pem", certificate.key)))
  let gateway = try TestGateway(.echo) { $0.listeners[0].tls = TLSConfiguration(certificates: [pair]) }
  var tls = RawClient.TLS(serverName: "localhost")
  tls.authority = authority.certificate
  tls.protocols = ["http/1.1"]
  let client = try WebClient(port: gateway.port, tls: tls)
  #expect(client.raw.applicationProtocol == "http/1.1")
  #expect(try gateway.caller("echo").call(wire, .send("sealed"), on: client).task.texts == ["sealed"])
  #expect(try gateway.caller("echo").open(wire, .stream(), on: client).rest().last?.state == "completed")
  let card = try JSONValue.parse(client.request("GET", "/agents/echo/card").body)
  #expect(card["url"]?.string == "https://127.0.0.1:\(gateway.port)/agents/echo")
  let line = try JSONValue.parse(Array(#require(try gateway.accessLines(1).first).utf8))
  #expect(line["tls"]?.string?.hasPrefix("TLSv1.") == true)
  // Who speaks in the clear is not served.
  let plain = try gateway.web()
  try plain.send("GET", "/agents")
  #expect(throws: RawClient.Failure.self) { try plain.response(to: "GET") }
}

@Test func certificatesAndKeysThatDoNotWorkAreNamed() throws {
  let (own, other) = (TestCertificate(name: "a.test"), TestCertificate(name: "b.test"))
  let folder = try Folder()
  let chain = try folder.file("chain.pem", own.certificate)
  let key = try folder.file("key.pem", own.key)
  let otherKey = try folder.file("other.pem", other.key)
  let cut = try folder.file("cut.pem", Array(own.certificate.prefix(100)))
  func faults(_ pairs: [(String, String)], clientCA: String? = nil) -> String {
    var configuration = GatewayConfiguration(workers: 1)
    let certificates = pairs.map { TLSConfiguration.Certificate(certificate: $0.0, key: .file($0.1)) }
    configuration.listeners[0].tls = TLSConfiguration(certificates: certificates)
    configuration.listeners[0].tls?.clientCA = clientCA
    return TLSMaterial.faults(in: configuration).map(\.rendered).joined(separator: "\n")
  }
  #expect(faults([(chain, key)]) == "")
  #expect(faults([(chain, key)], clientCA: chain) == "")
  let mismatch = faults([(chain, key), (chain, otherKey)])
  #expect(mismatch.contains("TLS of the listener 127.0.0.1:8080: \(chain) with its key: "))
  #expect(mismatch.contains("the private key does not belong to the certificate"))
  #expect(faults([(cut, key)]).contains(cut))
  #expect(faults([(key, key)]).contains("holds no certificate"))
  #expect(faults([(chain, chain)]).contains("the private key cannot be read"))
  #expect(faults([(chain, key)], clientCA: cut).contains(cut))
  #expect(faults([("nope.pem", key)]).contains("nope.pem"))
}
