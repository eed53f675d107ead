/// One comparison: who takes part, and what they are given to do.
struct Scenario {
  enum Measure {
    /// CPU per request and latency.
    case requests
    /// CPU per event of the origin's streams.
    case events
    /// Memory per stream that is held open.
    case openStreams
  }

  let name: String
  let summary: String
  let measure: Measure
  let contenders: [Contender]
  /// Requests per second; nil for as many as there are answers.
  var rate: Double?
  var connections = LoadPlan.Connections.kept
  var isPaced = false
  /// Whether the gateway is asked to call Orq, or answers by itself.
  var needsOrq: Bool { contenders.contains { $0.agent == .orq } }

  static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }

  static let all = [
    Scenario(
      name: "echo", summary: "send to an agent that runs here, beside nginx with a fixed answer", measure: .requests,
      contenders: [
        .gateway("gateway, A2A 1.0", .echo, .sendV1), .gateway("gateway, A2A 0.3", .echo, .sendV03),
        .gateway("gateway, access log", .echo, .sendV1, isLogged: true), .nginxFixed(), .nginxFixed(isLogged: true),
        .nginx(.orq),
      ]),
    Scenario(
      name: "send", summary: "send translated to an Orq call and back, beside proxy_pass of that call",
      measure: .requests,
      contenders: [
        .gateway("gateway, A2A 1.0", .orq, .sendV1), .gateway("gateway, A2A 0.3", .orq, .sendV03),
        .gateway("gateway, access log", .orq, .sendV1, isLogged: true), .nginx(.orq), .nginx(.orq, isLogged: true),
        .haproxy(.orq),
      ]),
    fixedRate(1000), fixedRate(3000),
    Scenario(
      name: "stream", summary: "streams relayed as fast as they go", measure: .events, contenders: streams),
    Scenario(
      name: "stream-paced", summary: "streams relayed at the origin's pace", measure: .events, contenders: streams,
      isPaced: true),
    Scenario(
      name: "open-streams", summary: "memory for each of many streams that are open and silent", measure: .openStreams,
      contenders: [.gateway("gateway, A2A 1.0", .orq, .streamV1), .nginx(.orqStream), .haproxy(.orqStream)],
      isPaced: true),
    tls("tls", "send over TLS connections that are kept", .orq, .kept),
    tls("tls-full", "a new TLS connection with a full handshake for each request", .echo, .full),
    tls("tls-resumed", "a new TLS connection with a resumed session for each request", .echo, .resumed),
  ]

  private static let streams: [Contender] = [
    .gateway("gateway, A2A 1.0", .orq, .streamV1), .gateway("gateway, A2A 0.3", .orq, .streamV03),
    .nginx(.orqStream), .haproxy(.orqStream),
  ]

  private static func fixedRate(_ rate: Int) -> Scenario {
    Scenario(
      name: "rate-\(rate)", summary: "the same at \(rate) requests per second: latency from the intended moment",
      measure: .requests,
      contenders: [
        .gateway("gateway, A2A 1.0", .orq, .sendV1), .gateway("gateway, A2A 0.3", .orq, .sendV03), .nginx(.orq),
        .haproxy(.orq),
      ], rate: Double(rate))
  }

  private static func tls(
    _ name: String, _ summary: String, _ agent: Contender.Agent, _ connections: LoadPlan.Connections
  ) -> Scenario {
    Scenario(
      name: name, summary: summary, measure: .requests,
      contenders: [
        .gateway("gateway, A2A 1.0", agent, .sendV1, isSecure: true), .nginx(.orq, isSecure: true),
        .haproxy(.orq, isSecure: true),
      ], connections: connections)
  }
}

/// One server in one role.
struct Contender {
  enum Program: String, CaseIterable {
    case gateway, nginx, haproxy
  }

  /// What answers a call to the gateway.
  enum Agent {
    case echo, orq
  }

  let label: String
  let program: Program
  let payload: Payload
  var agent: Agent?
  var isLogged = false
  var isSecure = false
  /// nginx answers by itself.
  var isFixed = false

  /// nginx as a proxy, without an access log: what the ratios are to.
  var isBaseline: Bool { program == .nginx && !isFixed && !isLogged }

  var path: String {
    switch (agent, isFixed) {
    case (.echo, _): "/agents/echo"
    case (.orq, _): "/agents/bench"
    case (nil, true): "/fixed"
    case (nil, false): "/v2/agents/bench/responses"
    }
  }

  static func gateway(
    _ label: String, _ agent: Agent, _ payload: Payload, isLogged: Bool = false, isSecure: Bool = false
  ) -> Contender {
    Contender(
      label: label, program: .gateway, payload: payload, agent: agent, isLogged: isLogged, isSecure: isSecure)
  }

  static func nginx(_ payload: Payload, isLogged: Bool = false, isSecure: Bool = false) -> Contender {
    Contender(
      label: isLogged ? "nginx, access log" : "nginx", program: .nginx, payload: payload, isLogged: isLogged,
      isSecure: isSecure)
  }

  static func nginxFixed(isLogged: Bool = false) -> Contender {
    Contender(
      label: isLogged ? "nginx fixed, access log" : "nginx fixed answer", program: .nginx, payload: .orq,
      isLogged: isLogged, isFixed: true)
  }

  static func haproxy(_ payload: Payload, isSecure: Bool = false) -> Contender {
    Contender(label: "haproxy", program: .haproxy, payload: payload, isSecure: isSecure)
  }
}
