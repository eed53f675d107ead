import Configuration
import Foundation
import JSON
import TestSupport
import Testing

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
