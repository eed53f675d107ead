import Configuration
import HTTP
import JSON
import Network
import TestSupport
import Testing

@testable import Gateway

struct GuardedFetchTests {
  @Test func aDocumentComesWithWhatTheNextRequestNeeds() throws {
    let stage = try FetchStage()
    var fields = HTTPFields()
    fields.add("authorization", "Bearer secret")
    let (outcome, requests) = try stage.get(
      "/card?x=1", fields: fields,
      answers: [
        FetchStage.answer(
          200, #"{"name":"a"}"#, type: "application/a2a+json; charset=utf-8", #"ETag: "v1""#,
          "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "Cache-Control: public, max-age=\"120\"", "Age: 20")
      ])
    let document = try outcome.get()
    #expect(document.value["name"] == "a")
    #expect(document.body == Array(#"{"name":"a"}"#.utf8))
    #expect(!document.isUnchanged)
    #expect(document.url.target == "/card?x=1")
    #expect(
      document.validators == FetchValidators(entityTag: #""v1""#, lastModified: "Sun, 06 Nov 1994 08:49:37 GMT"))
    #expect(document.freshness == .seconds(100))
    let request = try #require(requests.first).lowercased()
    #expect(request.hasPrefix("get /card?x=1 http/1.1\r\n"))
    for line in ["accept: application/json", "accept-encoding: identity", "authorization: bearer secret"] {
      #expect(request.contains(line + "\r\n"))
    }
    #expect(!request.contains("if-none-match"))
  }

  @Test func aDocumentThatHasNotChangedIsNotSentAgain() throws {
    let stage = try FetchStage()
    let known = FetchValidators(entityTag: #"W/"v1""#, lastModified: "Sun, 06 Nov 1994 08:49:37 GMT")
    let (outcome, requests) = try stage.get(
      validators: known, answers: ["HTTP/1.1 304 X\r\nCache-Control: max-age=60\r\n\r\n"])
    let document = try outcome.get()
    #expect(document.isUnchanged && document.body.isEmpty)
    #expect(document.validators == known)
    #expect(document.freshness == .seconds(60))
    #expect(requests[0].lowercased().contains("if-none-match: w/\"v1\"\r\n"))
    #expect(requests[0].lowercased().contains("if-modified-since: sun, 06 nov 1994 08:49:37 gmt\r\n"))
    // Nobody asked.
    let unasked = try stage.get(answers: ["HTTP/1.1 304 X\r\n\r\n"]).outcome
    #expect(unasked.failure?.kind == .status(304))
  }

  @Test(
    arguments: [
      ("max-age=60", 60), ("no-store", 0), ("no-cache, max-age=60", 0), ("max-age=0", 0), ("public", nil),
      ("max-age=", nil), ("max-age=-5", nil), ("max-age=x, max-age=7", 7), ("max-age=99999999999999999999", 31_536_000),
    ] as [(String, Int?)])
  func cacheControlIsRead(_ text: String, _ seconds: Int?) {
    var fields = HTTPFields()
    fields.add("cache-control", text)
    #expect(CacheControl.freshness(fields) == seconds.map { .seconds($0) })
  }

  // MARK: What is not fetched

  @Test(arguments: [
    "", "a.example", "ftp://a.example/", "file:///etc/passwd", "https://u:p@a.example/", "https://a.example/#x",
    "https:///", "gopher://127.0.0.1:70/", "https://a b/", "http://127.0.0.1:99999/",
  ])
  func whatIsNoURLIsRefused(_ url: String) throws {
    #expect(try failure(FetchStage(), url).kind == .badURL)
  }

  @Test func privateAddressesAreRefusedBeforeAnyConnection() throws {
    let stage = try FetchStage(["a.example": ["127.0.0.1"]])
    for url in [
      "http://127.0.0.1:\(stage.listener.port)/", "https://a.example:\(stage.listener.port)/", "https://10.0.0.7/",
      "https://169.254.169.254/latest/meta-data/",
    ] {
      let failure = try failure(stage, url, stage.egress())
      #expect(failure.kind == .refused)
      #expect(failure.message.contains("egress.allow"))
    }
    #expect(!stage.listener.hasConnection)
    let unknown = try failure(stage, "https://nowhere.example/", stage.egress())
    #expect(unknown.kind == .unresolved)
  }

  private func failure(_ stage: FetchStage, _ url: String, _ egress: EgressGuard? = nil) throws -> FetchFailure {
    var outcome: FetchStage.Outcome?
    try stage.fetch(egress).get(url) { outcome = $0 }
    #expect(outcome == nil, "answers come in a later turn")
    try stage.run("the end") { outcome != nil }
    return try #require(outcome?.failure)
  }

  // MARK: Redirects

  @Test(arguments: [301, 302, 303, 307, 308]) func aRedirectWithinTheOriginIsFollowed(_ status: Int) throws {
    let stage = try FetchStage()
    let (outcome, requests) = try stage.get(
      "/a/card", answers: [FetchStage.answer(status, "", "Location: ../b?x=1#f"), FetchStage.answer(200, "[1]")])
    #expect(try outcome.get().value == [1])
    #expect(try outcome.get().url.target == "/b?x=1")
    #expect(requests.map { $0.prefix { $0 != "\r\n" } } == ["GET /a/card HTTP/1.1", "GET /b?x=1 HTTP/1.1"])
  }

  @Test func aRedirectElsewhereIsRefusedEvenWhereTheOtherPlaceMayBeCalled() throws {
    let stage = try FetchStage()
    let other = try RawListener()
    for location in [
      "http://127.0.0.1:\(other.port)/secret?key=1", "https://127.0.0.1:\(stage.listener.port)/",
      "//localhost:\(stage.listener.port)/", "http://169.254.169.254/",
    ] {
      let failure = try #require(
        try stage.get(answers: [FetchStage.answer(302, "", "Location: \(location)")]).outcome.failure)
      #expect(failure.kind == .redirected)
      #expect(failure.message.contains("redirects to another origin, "))
      #expect(!failure.message.contains("key=1"))
    }
    #expect(!other.hasConnection && !stage.listener.hasConnection)
  }

  @Test(arguments: ["", "Location: ftp://a/", "Location: http://u@a/", "Location: http://[::1"])
  func aRedirectToNowhereIsRefused(_ field: String) throws {
    let stage = try FetchStage()
    let answer = field.isEmpty ? FetchStage.answer(302, "") : FetchStage.answer(302, "", field)
    let failure = try stage.get(answers: [answer]).outcome.failure
    #expect(failure?.kind == .redirected)
    #expect(failure?.message.hasSuffix("redirects to nowhere") == true)
  }

  @Test func redirectsAreCounted() throws {
    let stage = try FetchStage()
    let answers = (0..<5).map { FetchStage.answer(302, "", "Location: /\($0)") }
    let (outcome, requests) = try stage.get(answers: answers)
    #expect(outcome.failure?.kind == .redirected)
    #expect(outcome.failure?.message.hasSuffix("redirects more than 3 times") == true)
    #expect(requests.count == 4)
  }

  /// The name is looked up anew for each hop, and means something else the second time.
  @Test func aRedirectIsCheckedAnew() throws {
    let stage = try FetchStage()
    let answers = Changing([["127.0.0.1"], ["10.0.0.7"]])
    let egress = EgressGuard(try allowing("127.0.0.0/8")) { _, port, reply in
      reply.send(.success(answers.next().compactMap { SocketAddress(ip: $0, port: port) }))
    }
    var outcome: FetchStage.Outcome?
    try stage.fetch(egress).get("http://a.example:\(stage.listener.port)/") { outcome = $0 }
    try stage.run("a connection") { stage.listener.hasConnection }
    let server = try stage.listener.accept()
    try server.send(FetchStage.answer(302, "", "Location: /again"))
    try stage.run("the end") { outcome != nil }
    #expect(outcome?.failure?.message.hasPrefix("a.example resolves to a private address (10.0.0.7)") == true)
  }

  // MARK: Content

  @Test(arguments: [
    ("<html>", "text/html; charset=utf-8", "a page of HTML"), ("{}", "application/xhtml+xml", "a page of HTML"),
    ("<html>", "application/json", "not JSON: at byte 0"), ("", "application/json", "not JSON"),
    (#"{"a":1,"a":2}"#, "application/json", "not JSON"), ("{} x", "application/json", "not JSON"),
  ])
  func whatIsNotJSONIsRefused(_ body: String, _ type: String, _ reason: String) throws {
    let failure = try FetchStage().get(answers: [FetchStage.answer(200, body, type: type)]).outcome.failure
    #expect(failure?.kind == .content)
    #expect(failure?.message.contains(reason) == true)
    #expect(failure?.message.contains("<html>") == false)
  }

  @Test func jsonUnderAnotherNameIsTaken() throws {
    for type in ["text/plain", "application/octet-stream", "nonsense"] {
      #expect(try FetchStage().get(answers: [FetchStage.answer(200, "{}", type: type)]).outcome.get().value == [:])
    }
  }

  @Test func aContentEncodingIsRefused() throws {
    let failure = try FetchStage().get(answers: [FetchStage.answer(200, "{}", "Content-Encoding: gzip")]).outcome
      .failure
    #expect(failure?.kind == .content)
  }

  @Test(arguments: [204, 206, 400, 401, 404, 500, 503]) func otherStatusesAreFailures(_ status: Int) throws {
    let answer = FetchStage.answer(status, status == 204 ? "" : #"{"error":"invalid_client"}"#)
    let failure = try #require(try FetchStage().get("/card?key=1", answers: [answer]).outcome.failure)
    #expect(failure.kind == .status(status))
    #expect(failure.message.hasSuffix("/card answered \(status)"))
    if status != 204 { #expect(failure.answer?["error"] == "invalid_client") }
  }

  // MARK: Bounds

  @Test func aLargeDocumentIsNotRead() throws {
    let stage = try FetchStage()
    let big = "\"" + String(repeating: "x", count: 2000) + "\""
    let stated = try stage.get(answers: [FetchStage.answer(200, big)]) { $0.bytesMax = 2001 }.outcome.failure
    #expect(stated?.kind == .tooLarge)
    #expect(stated?.message.hasSuffix("answers with more than 2001 bytes") == true)
    let chunked = "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n7d2\r\n\(big)\r\n0\r\n\r\n"
    #expect(try stage.get(answers: [chunked]) { $0.bytesMax = 2001 }.outcome.failure?.kind == .tooLarge)
    let endless = "HTTP/1.1 200 X\r\n\r\n\(big)"
    #expect(try stage.get(answers: [endless]) { $0.bytesMax = 2001 }.outcome.failure?.kind == .tooLarge)
    #expect(
      try stage.get(answers: [FetchStage.answer(200, big)]) { $0.bytesMax = 2002 }.outcome.get().body.count == 2002)
  }

  /// 50 MB that are announced cost nothing.
  @Test func aHugeDocumentIsRefusedAtItsHead() throws {
    let answer = "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 52428800\r\n\r\n{"
    #expect(try FetchStage().get(answers: [answer]).outcome.failure?.kind == .tooLarge)
  }

  /// Each byte comes in time, the whole does not.
  @Test func aSlowServerIsCut() throws {
    let stage = try FetchStage()
    var outcome: FetchStage.Outcome?
    try stage.fetch().get(stage.base + "/card?key=1") { outcome = $0 }
    try stage.run("a connection") { stage.listener.hasConnection }
    let server = try stage.listener.accept()
    stage.settle()
    _ = try server.receive(until: "\r\n\r\n")
    try server.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{")
    for _ in 0..<9 {
      stage.time.advance(by: .seconds(1))
      try server.send(" ")
      stage.settle()
      #expect(outcome == nil)
    }
    stage.time.advance(by: .seconds(1))
    try stage.run("the end") { outcome != nil }
    #expect(outcome?.failure?.kind == .tooSlow)
    #expect(outcome?.failure?.message == "\(stage.base)/card has not answered in full within 10 s")
    #expect(try server.isAtEnd())
  }

  @Test func aServerThatSaysNothingIsCut() throws {
    let stage = try FetchStage()
    var outcome: FetchStage.Outcome?
    try stage.fetch().get(stage.base) { outcome = $0 }
    try stage.run("a connection") { stage.listener.hasConnection }
    stage.time.advance(by: .seconds(10))
    try stage.run("the end") { outcome != nil }
    #expect(outcome?.failure?.kind == .tooSlow)
  }

  @Test func nobodyIsCalledBackAfterCanceling() throws {
    let stage = try FetchStage()
    var isCalled = false
    let call = try stage.fetch().get(stage.base) { _ in isCalled = true }
    try stage.run("a connection") { stage.listener.hasConnection }
    let server = try stage.listener.accept()
    stage.settle()
    _ = try server.receive(until: "\r\n\r\n")
    call.cancel()
    stage.settle()
    #expect(try server.isAtEnd() && !isCalled)
    // While the name is being looked up.
    try stage.fetch().get(stage.base) { _ in isCalled = true }.cancel()
    stage.time.advance(by: .seconds(20))
    stage.settle()
    #expect(!isCalled && !stage.listener.hasConnection)
  }

  // MARK: Connections

  /// The first address does not answer; the port of the second one does.
  @Test func anotherAddressOfTheNameIsTried() throws {
    let stage = try FetchStage(["a.example": ["127.0.0.2", "127.0.0.1"]])
    var outcome: FetchStage.Outcome?
    let egress = try stage.egress("127.0.0.0/8")
    try stage.fetch(egress).get("http://a.example:\(stage.listener.port)/") { outcome = $0 }
    try stage.run("a connection") { stage.listener.hasConnection || outcome != nil }
    let server = try stage.listener.accept()
    stage.settle()
    #expect(try server.receive(until: "\r\n\r\n").lowercased().contains("host: a.example:\(stage.listener.port)\r\n"))
    try server.send(FetchStage.answer())
    try stage.run("the end") { outcome != nil }
    #expect(try outcome?.get().value == [:])
  }

  @Test func nobodyThere() throws {
    let stage = try FetchStage()
    let port = try RawListener().port
    let failure = try failure(stage, "http://127.0.0.1:\(port)/")
    #expect(failure.kind == .unreachable)
    #expect(failure.message.contains("Connection refused"))
  }

  /// The name, not the address, is what the certificate must be for.
  @Test func theNameIsProvenOverTLS() throws {
    let authority = TestCertificate(name: "authority")
    let gateway = try TLSGateway(authority: authority, name: "agents.example")
    var trusting = TLSClientConfiguration()
    trusting.authorities = authority.certificate
    let tls = try TLSClientContext(trusting)
    let stage = try FetchStage(["agents.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]])
    func outcome(_ host: String, _ tls: TLSClientContext?) throws -> FetchStage.Outcome {
      var outcome: FetchStage.Outcome?
      try stage.fetch(stage.egress("127.0.0.1"), tls: tls)
        .get("https://\(host):\(gateway.port)/agents/echo/card") { outcome = $0 }
      try stage.run("the end") { outcome != nil }
      return try #require(outcome)
    }
    #expect(try outcome("agents.example", tls).get().value["name"] != nil)
    #expect(try outcome("other.example", tls).failure?.kind == .tls)
    #expect(try outcome("agents.example", nil).failure?.kind == .tls)
  }

  // MARK: Posts

  @Test func aPostBringsJSONAndIsNotRedirected() throws {
    let stage = try FetchStage()
    func post(_ answer: String) throws -> (FetchStage.Outcome, head: String, body: String) {
      var outcome: FetchStage.Outcome?
      try stage.fetch().post(
        stage.base + "/token", contentType: "application/x-www-form-urlencoded",
        body: Array("grant_type=client_credentials".utf8)
      ) { outcome = $0 }
      try stage.run("a connection") { stage.listener.hasConnection }
      let server = try stage.listener.accept()
      stage.settle()
      let (head, body) = try server.receiveResponse()
      try server.send(answer)
      try stage.run("the end") { outcome != nil }
      return (try #require(outcome), head, body)
    }
    let (outcome, head, body) = try post(FetchStage.answer(200, #"{"access_token":"t"}"#))
    #expect(try outcome.get().value["access_token"] == "t")
    #expect(head.hasPrefix("POST /token HTTP/1.1\r\n"))
    #expect(head.lowercased().contains("content-type: application/x-www-form-urlencoded\r\n"))
    #expect(body == "grant_type=client_credentials")
    #expect(try post(FetchStage.answer(307, "", "Location: /elsewhere")).0.failure?.kind == .redirected)
    let refused = try post(FetchStage.answer(401, #"{"error":"invalid_client"}"#)).0.failure
    #expect(refused?.kind == .status(401) && refused?.answer?["error"] == "invalid_client")
  }

  private func allowing(_ network: String) throws -> EgressConfiguration {
    var configuration = EgressConfiguration()
    configuration.networks = [try #require(AddressRange(network))]
    return configuration
  }
}
