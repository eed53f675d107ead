import HTTP
import JSON
import Testing

@testable import Gateway

/// A client of the socket in the state folder.
struct AdminCaller {
  private let path: String

  init(_ stage: ExternalStage) throws { path = stage.folder.path + "/state/admin.sock" }

  func answer(_ method: HTTPMethod, _ target: String, _ body: JSONValue? = nil) throws -> RunningGateway.Answer {
    try RunningGateway(socket: path).call(method, target, body: body.map(Caller.bytes) ?? [])
  }

  func status(_ method: String, _ target: String, _ body: JSONValue? = nil) throws -> Int {
    try answer(HTTPMethod(method), target, body).status
  }

  /// A call that succeeds.
  func call(_ method: String, _ target: String, _ body: JSONValue? = nil) throws -> JSONValue {
    let answer = try answer(HTTPMethod(method), target, body)
    try #require(answer.isOK, "\(answer.status): \(String(decoding: answer.body, as: UTF8.self))")
    return try JSONValue.parse(answer.body)
  }
}
