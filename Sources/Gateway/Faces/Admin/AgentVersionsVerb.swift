internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Orq

/// The verbs that show the agents that calls made, and the versions that are kept of each: `/versions` and
/// `/versions/KEY`. On the control loop.
enum AgentVersionsVerb {
  static let path = "/versions"

  static func handles(_ path: String) -> Bool { path == self.path || path.hasPrefix(self.path + "/") }

  /// - Parameter agents: nil where no agents can be made.
  static func answer(_ head: borrowing HTTPRequestHead, _ agents: RuntimeAgents?) -> HTTPResponse {
    guard head.method == .get else { return refusal(405, "this verb is a GET") }
    let words = head.path.dropFirst().split(separator: "/").map { PercentEncoding.decodePath(String($0)) ?? "" }
    switch words.count {
    case 1: return response { write(agents?.all ?? [], into: &$0) }
    case 2:
      guard let record = agents?[words[1]] else {
        return refusal(404, "there is no agent \"\(words[1])\" that a call made")
      }
      return response { write(record, into: &$0) }
    default: return refusal(404, "there is no such verb")
    }
  }

  private static func write(_ records: [RuntimeAgentRecord], into json: inout JSONWriter) {
    json.beginObject()
    json.key("agents")
    json.beginArray()
    for record in records {
      json.beginObject()
      json.member("key", record.key)
      json.member("version", record.current.number.text)
      json.member("versions", record.versions.count)
      json.member("created", record.created.text)
      json.member("created_by", record.author)
      json.member("updated", record.current.created.text)
      json.member("updated_by", record.current.author)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  /// The newest first, each with the definition that it was.
  private static func write(_ record: RuntimeAgentRecord, into json: inout JSONWriter) {
    json.beginObject()
    json.member("key", record.key)
    json.member("id", record.id)
    json.key("versions")
    json.beginArray()
    for version in record.versions.reversed() { json.fragment(version.text) }
    json.endArray()
    json.endObject()
  }

  private static func response(_ write: (inout JSONWriter) -> Void) -> HTTPResponse {
    var json = JSONWriter()
    write(&json)
    return HTTPResponse(200, contentType: "application/json", body: json.finish())
  }

  private static func refusal(_ status: Int, _ message: String) -> HTTPResponse {
    HTTPResponse(status, contentType: "application/json", body: OrqErrorBody(message).encoded())
  }
}
