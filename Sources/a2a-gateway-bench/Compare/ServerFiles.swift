import Foundation
import JSON
import Network

/// Where one server listens.
struct ServerPorts {
  let plain: UInt16
  let secure: UInt16
  /// The gateway's.
  let admin: UInt16

  /// Free ones. Another program may take one before it is used; then the server says so.
  static func free() throws -> ServerPorts {
    let anywhere = SocketAddress("127.0.0.1:0")
    guard let anywhere else { throw BenchError("there is no loopback") }
    let sockets = try (0..<3).map { _ in try ListeningSocket.bind(to: anywhere) }
    let ports = sockets.map(\.address.port)
    return ServerPorts(plain: ports[0], secure: ports[1], admin: ports[2])
  }
}

/// Writes the configuration of each server, all to the same effect: one worker, connections kept on both sides, the
/// origin as the only upstream.
struct ServerFiles {
  let folder: URL
  let gateway: String
  let origin: SocketAddress
  /// A certificate of P-256 for 127.0.0.1, and its key.
  let certificate: URL
  let key: URL

  static let orqKeyVariable = "A2A_GATEWAY_BENCH_ORQ_KEY"

  init(folder: URL, gateway: String, origin: SocketAddress) throws {
    self.folder = folder
    self.gateway = gateway
    self.origin = origin
    certificate = folder.appending(path: "certificate.pem")
    key = folder.appending(path: "key.pem")
    try makeCertificate()
  }

  private func makeCertificate() throws {
    let openssl = try ChildProcess(
      [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key.path, "-out",
        certificate.path,
      ], log: folder.appending(path: "openssl.log"))
    guard openssl.waitForEnd(.seconds(10)) == 0 else { throw BenchError("openssl cannot make a certificate") }
    // HAProxy wants both in one file.
    let both = try Data(contentsOf: certificate) + Data(contentsOf: key)
    try both.write(to: folder.appending(path: "both.pem"))
  }

  /// Writes the files of one server.
  ///
  /// - Returns: the command that starts it.
  func prepare(_ program: Contender.Program, _ ports: ServerPorts, isLogged: Bool, withOrq: Bool) throws -> [String] {
    let home = folder.appending(path: "\(program.rawValue)-\(ports.plain)")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    switch program {
    case .gateway:
      let file = try prepareGateway(home, ports, isLogged, withOrq)
      return [gateway, "serve", "--config", file]
    case .nginx:
      let file = try write(nginx(home, ports, isLogged), home, "nginx.conf")
      return ["nginx", "-c", file, "-e", home.appending(path: "error.log").path]
    case .haproxy:
      return ["haproxy", "-db", "-f", try write(haproxy(ports), home, "haproxy.cfg")]
    }
  }

  private func write(_ text: String, _ home: URL, _ name: String) throws -> String {
    let file = home.appending(path: name)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  // MARK: The gateway

  private func prepareGateway(_ home: URL, _ ports: ServerPorts, _ isLogged: Bool, _ withOrq: Bool) throws -> String {
    let cards = home.appending(path: "cards")
    try FileManager.default.createDirectory(at: cards, withIntermediateDirectories: true)
    _ = try write(#"{ "gateway": { "backend": { "type": "local", "engine": "echo" } } }"#, cards, "echo.json")
    if withOrq {
      _ = try write(
        #"{ "gateway": { "backend": { "type": "orq", "agent_key": "bench", "call": "responses" } } }"#, cards,
        "bench.json")
    }
    return try write(gatewayConfiguration(ports, isLogged, withOrq), home, "gateway.json")
  }

  private func gatewayConfiguration(_ ports: ServerPorts, _ isLogged: Bool, _ withOrq: Bool) -> String {
    let orq = #""orq": { "url": "http://\#(origin)", "key": { "env": "\#(ServerFiles.orqKeyVariable)" } },"#
    return """
      {
        "listeners": [
          { "bind": "127.0.0.1:\(ports.plain)" },
          {
            "bind": "127.0.0.1:\(ports.secure)",
            "tls": { "certificates": [{ "cert": "\(certificate.path)", "key": { "file": "\(key.path)" } }] },
          },
        ],
        "admin": { "bind": "127.0.0.1:\(ports.admin)" },
        "cards": "cards",
        \(withOrq ? orq : "")
        "limits": {
          "http": { "connections_max": 20000 },
          "turns": { "concurrent_tasks_max": 20000, "events": 1000000 },
        },
        "log": { "level": "warning", "access": "\(isLogged ? "access.log" : "off")" },
        "workers": 1,
      }
      """
  }

  // MARK: Proxies

  private func nginx(_ home: URL, _ ports: ServerPorts, _ isLogged: Bool) -> String {
    let fixed = String(decoding: OrqAnswer.response, as: UTF8.self)
    return """
      daemon off;
      worker_processes 1;
      worker_rlimit_nofile 20000;
      pid \(home.path)/nginx.pid;
      error_log \(home.path)/error.log warn;
      events { worker_connections 20000; }
      http {
        access_log \(isLogged ? "\(home.path)/access.log combined buffer=64k flush=1s" : "off");
        client_body_temp_path \(home.path)/body;
        proxy_temp_path \(home.path)/proxy;
        fastcgi_temp_path \(home.path)/fastcgi;
        uwsgi_temp_path \(home.path)/uwsgi;
        scgi_temp_path \(home.path)/scgi;
        default_type application/json;
        keepalive_requests 1000000000;
        keepalive_timeout 3600s;
        upstream origin {
          server \(origin);
          keepalive 64;
          keepalive_requests 1000000000;
          keepalive_timeout 3600s;
        }
        server {
          listen 127.0.0.1:\(ports.plain) backlog=4096;
          listen 127.0.0.1:\(ports.secure) ssl backlog=4096;
          ssl_certificate \(certificate.path);
          ssl_certificate_key \(key.path);
          ssl_protocols TLSv1.2 TLSv1.3;
          location / {
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_read_timeout 3600s;
          }
          location = /fixed { return 200 '\(fixed)'; }
        }
      }
      """
  }

  private func haproxy(_ ports: ServerPorts) -> String {
    """
    global
      nbthread 1
      maxconn 9900
    defaults
      mode http
      http-reuse always
      timeout connect 10s
      timeout client 3600s
      timeout server 3600s
      timeout http-keep-alive 3600s
    frontend callers
      bind 127.0.0.1:\(ports.plain) backlog 4096
      bind 127.0.0.1:\(ports.secure) backlog 4096 ssl crt \(folder.path)/both.pem
      default_backend origin
    backend origin
      server origin \(origin)

    """
  }
}
