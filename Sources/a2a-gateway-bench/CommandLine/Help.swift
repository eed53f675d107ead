/// The texts of `a2a-gateway-bench help`.
enum Help {
  static let overview = """
    a2a-gateway-bench measures the gateway, beside nginx and HAProxy on the same machine.

    Usage: a2a-gateway-bench COMMAND [options]

      compare          the gateway beside nginx and HAProxy, in front of the same origin
      load             requests, streams or TLS handshakes against a URL
      origin           an upstream that gives fixed answers and streams
      micro            single steps without sockets: scan, parse, decode, encode
      help COMMAND     explain a command, with examples

    Everything stays on this machine's loopback and is bounded in time. Progress goes to standard error, results to
    standard output: as a table, or with --json as JSON. Exit codes: 0 done, 1 failed, 2 usage.
    """

  static let topics = ["compare": compare, "load": load, "origin": origin, "micro": micro]

  private static let compare = """
    Usage: a2a-gateway-bench compare [SCENARIO…] [options]

    Starts the gateway, nginx and HAProxy (those that are installed) on one core with one worker each, all in front of
    one origin in this process, which also makes the load, on another core. Rounds are interleaved; a round in which the
    machine was busy with something else is dropped and repeated. CPU time is that of the servers' own processes, from
    /proc. Columns are medians; ratios are to nginx proxy_pass of the same round.

    \(Scenario.all.map { "  \($0.name.padded(to: 15))  \($0.summary)" }.joined(separator: "\n"))

    Without a scenario: all.

      --gateway FILE     the program, default .build/release/a2a-gateway
      --rounds N         default 5, at most 50
      --time T           of one measurement, default 3s
      --connections N    default 16
      --streams N        of open-streams, default 5000
      --events N         of one stream, default 500
      --pace T           between two events of a paced stream, default 20ms
      --noise PERCENT    rounds over this are dropped, default 10
      --cores A,B        the servers' core and the core of origin and load, default 0,1
      --json

    Example: a2a-gateway-bench compare echo send --rounds 7 --time 2s
    """

  private static let load = """
    Usage: a2a-gateway-bench load URL… [options]

    Sends requests over connections that are kept, spread over the URLs: each connection one after the other (closed
    loop), or with --rate at fixed moments whether or not answers keep up, in which case latency counts from the moment
    that was intended (open loop).

      --payload NAME     \(Payload.names); default a2a-1.0
      --body FILE        send this file instead, as application/json
      --connections N    default 16
      --time T           default 5s; --warm-up T before it is not counted, default 500ms
      --rate N           requests per second
      --ca FILE          for https: the authority of the server's certificate
      --handshakes KIND  full or resumed: a new TLS connection for every request
      --json

    Examples: a2a-gateway-bench load http://127.0.0.1:8080/agents/echo --rate 1000
              a2a-gateway-bench load https://127.0.0.1:8443/agents/echo --ca cert.pem --handshakes resumed
    """

  private static let origin = """
    Usage: a2a-gateway-bench origin [options]

    Answers every request: with a fixed Orq response of about 0.9 KB, or, where the body says "stream": true, with an
    event stream of the response family.

      --listen ADDRESS   default 127.0.0.1:9900
      --loops N          default 1
      --events N         part.delta events of one stream, default 100
      --bytes N          of text in each, default 40
      --pace T           between two of them; without it all leave as fast as they are taken

    Example: a2a-gateway-bench origin --events 1000 --pace 20ms
    """

  private static let micro = """
    Usage: a2a-gateway-bench micro [FILTER] [--json]

    Runs single steps of the data plane without sockets and prints nanoseconds per operation, the best of several runs.
    FILTER picks those whose name holds it.

    Example: a2a-gateway-bench micro a2a
    """
}
