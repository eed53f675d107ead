import Configuration
import Foundation
import HTTP
import Network
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Fetches whose servers are played byte by byte, on a loop that the test turns, by a clock that it moves; what names mean
/// is the test's choice.
final class FetchStage {
  typealias Outcome = Result<FetchedDocument, FetchFailure>

  let time = ManualTime()
  let loop: EventLoop
  let listener: RawListener
  private let names: [String: [String]]

  /// - Parameter names: addresses by name; names that are not there have none.
  init(_ names: [String: [String]] = [:]) throws {
    loop = try EventLoop(time: time)
    listener = try RawListener()
    self.names = names
  }

  deinit { loop.close() }

  func egress(_ allowed: String...) throws -> EgressGuard {
    var configuration = EgressConfiguration()
    for text in allowed {
      if let range = AddressRange(text) {
        configuration.networks.append(range)
      } else {
        configuration.hosts.insert(text)
      }
    }
    let names = names
    return EgressGuard(configuration) { host, port, reply in
      let addresses = (names[host] ?? []).compactMap { SocketAddress(ip: $0, port: port) }
      reply.send(addresses.isEmpty ? .failure(ResolveError(host: host, reason: "unknown name")) : .success(addresses))
    }
  }

  /// What the guard says of a URL: the addresses, or the refusal.
  func verdict(_ url: String, _ egress: EgressGuard) throws -> Result<[SocketAddress], EgressRefusal> {
    var verdict: Result<[SocketAddress], EgressRefusal>?
    egress.addresses(for: try #require(URI(url)), on: loop) { verdict = $0 }
    #expect(verdict == nil, "answers come in a later turn")
    try run("a verdict") { verdict != nil }
    return try #require(verdict)
  }

  func refusal(_ url: String, _ egress: EgressGuard) throws -> String? {
    switch try verdict(url, egress) {
    case .success: nil
    case .failure(let refusal): refusal.message
    }
  }

  var base: String { "http://127.0.0.1:\(listener.port)" }

  /// A fetch that may call this machine, unless told otherwise.
  func fetch(
    _ egress: EgressGuard? = nil, tls: TLSClientContext? = nil, _ change: (inout FetchBounds) -> Void = { _ in }
  )
    throws -> GuardedFetch
  {
    var bounds = FetchBounds()
    change(&bounds)
    return GuardedFetch(loop: loop, egress: try egress ?? self.egress("127.0.0.0/8"), tls: tls, bounds: bounds)
  }

  /// Fetches and answers each request in turn.
  ///
  /// - Parameter answers: without heads' ends; each gets its own connection.
  func get(
    _ path: String = "/card", fields: HTTPFields = HTTPFields(), validators: FetchValidators = FetchValidators(),
    answers: [String], _ change: (inout FetchBounds) -> Void = { _ in }
  ) throws -> (outcome: Outcome, requests: [String]) {
    var outcome: Outcome?
    try fetch(nil, change).get(base + path, fields: fields, validators: validators) { outcome = $0 }
    var requests: [String] = []
    for answer in answers {
      try run("a connection") { listener.hasConnection || outcome != nil }
      if outcome != nil { break }
      let server = try listener.accept()
      settle()
      requests.append(try server.receive(until: "\r\n\r\n"))
      try server.send(answer)
      server.finishSending()
      settle()
    }
    try run("the end of the fetch") { outcome != nil }
    return (try #require(outcome), requests)
  }

  func settle() {
    for _ in 0..<10 { loop.runOnce(maxWait: .milliseconds(1)) }
  }

  func run(_ what: String, until condition: () -> Bool) throws {
    try eventually(what) {
      if condition() { return true }
      loop.runOnce(maxWait: .milliseconds(20))
      return condition()
    }
  }

  static func answer(
    _ status: Int = 200, _ body: String = "{}", type: String = "application/json", _ fields: String...
  ) -> String {
    let extra = fields.map { $0 + "\r\n" }.joined()
    return "HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nConnection: close\r\n\(extra)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}

extension Result where Failure == FetchFailure {
  var failure: FetchFailure? { if case .failure(let failure) = self { failure } else { nil } }
}

/// Answers one after the other; the last one stays.
final class Changing: Sendable {
  private let answers: Mutex<[[String]]>

  init(_ answers: [[String]]) { self.answers = Mutex(answers) }

  func next() -> [String] { answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? [] } }
}

/// A gateway over TLS under a name.
final class TLSGateway {
  private let gateway: TestGateway
  private let folder: TemporaryFolder

  init(authority: TestCertificate, name: String, state: StateDirectory? = nil) throws {
    folder = try TemporaryFolder()
    let certificate = TestCertificate(name: "gateway", dnsNames: [name], issuer: authority)
    let files = (chain: folder.path + "/chain.pem", key: folder.path + "/key.pem")
    try Data(certificate.certificate).write(to: URL(fileURLWithPath: files.chain))
    try Data(certificate.key).write(to: URL(fileURLWithPath: files.key))
    let pair = TLSConfiguration.Certificate(certificate: files.chain, key: .file(files.key))
    let port = try RawListener().port
    gateway = try TestGateway(.echo, state: state) {
      $0.listeners[0].bind = .loopback(port: port)
      $0.listeners[0].publicURL = "https://\(name):\(port)"
      $0.listeners[0].tls = TLSConfiguration(certificates: [pair])
    }
  }

  var port: UInt16 { gateway.port }
}
