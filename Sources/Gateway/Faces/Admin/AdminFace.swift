internal import Bytes
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Network

/// The operator's listener: is the process alive, does it take work, what does it count.
final class AdminFace: HTTPService {
  private let services: GatewayServices

  init(services: GatewayServices) { self.services = services }

  func head(of exchange: HTTPExchange) -> HeadDecision {
    guard exchange.request.method == .get || exchange.request.method == .head else {
      var response = AdminFace.response(405, "method not allowed: GET, HEAD")
      response.fields.add("allow", "GET, HEAD")
      return .reject(response)
    }
    return .accept(bodyBytesMax: 0)
  }

  func request(_ exchange: HTTPExchange, body: consuming [UInt8]) {
    switch exchange.request.path {
    case "/livez": exchange.respond(AdminFace.response(200, "ok"))
    case "/readyz":
      exchange.respond(
        services.isDraining ? AdminFace.response(503, "draining") : AdminFace.response(200, "ok"))
    case "/metrics":
      exchange.respond(AdminFace.response(200, services.lossCounts.text, "text/plain; version=0.0.4; charset=utf-8"))
    default: exchange.respond(AdminFace.response(404, "not found; there are /livez, /readyz and /metrics"))
    }
  }

  func finished(_ exchange: HTTPExchange) {}

  private static func response(_ status: Int, _ text: String) -> HTTPResponse {
    response(status, Array((text + "\n").utf8), "text/plain; charset=utf-8")
  }

  private static func response(_ status: Int, _ body: [UInt8], _ type: StaticString) -> HTTPResponse {
    var response = HTTPResponse(status, contentType: type, body: body)
    response.fields.add("cache-control", "no-store")
    return response
  }
}
