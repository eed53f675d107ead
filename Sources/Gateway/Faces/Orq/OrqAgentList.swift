internal import Bytes
internal import HTTP
internal import HTTPTransport
internal import JSON
internal import Model
internal import Network
internal import Orq
internal import Telemetry

/// An agent of a list: its manifest, and what orders and pages it.
struct OrqListedAgent {
  /// The cursor.
  let id: String
  let key: String
  /// Milliseconds since 1970; 0 for an agent that was not made by a call: those come last, by their keys.
  let created: Int64
  let isExternal: Bool
  let manifest: JSONFragment

  init(_ manifest: OrqManifest) {
    id = manifest.id
    key = manifest.key
    created = manifest.created.flatMap { Timestamp($0) }?.milliseconds ?? 0
    isExternal = manifest.kind == .a2a
    self.manifest = JSONFragment { manifest.write(into: &$0) }
  }

  /// A manifest of the workspace, passed on as it is.
  init?(_ node: JSONNode) {
    guard let id = node["_id"]?.string, let key = node["key"]?.string else { return nil }
    self.id = id
    self.key = key
    created = node["created"]?.string.flatMap { Timestamp($0) }?.milliseconds ?? 0
    isExternal = node["type"]?.equals("a2a") ?? false
    manifest = node.fragment
  }

  fileprivate var place: (Int64, String) { (-created, key) }
}

/// The list of agents (contract §3.2): the newest first.
enum OrqAgentList {
  static func page(_ agents: [OrqListedAgent], _ query: OrqListQuery) -> [UInt8] {
    let sorted = agents.filter { query.kind == nil || (query.kind == .a2a) == $0.isExternal }
      .sorted { $0.place < $1.place }
    let after = query.startingAfter.map { place(of: $0, in: sorted) }
    let before = query.endingBefore.map { place(of: $0, in: sorted) }
    let inRange = sorted.filter { agent in
      if let after, agent.place <= after { return false }
      if let before, agent.place >= before { return false }
      return true
    }
    let limit = query.limit ?? inRange.count
    // A page that ends at a place holds the last agents before it.
    let page = before != nil && after == nil ? inRange.suffix(limit) : inRange.prefix(limit)
    var json = JSONWriter(reserving: 1024 * (page.count + 1))
    json.beginObject()
    json.member("object", "list" as StaticString)
    json.key("data")
    json.beginArray()
    for agent in page { json.fragment(agent.manifest) }
    json.endArray()
    json.member("has_more", page.count < inRange.count)
    json.endObject()
    return json.finish()
  }

  /// Where an agent stands, or would stand if it were still there: the ids of agents that calls made tell their time.
  private static func place(of id: String, in sorted: [OrqListedAgent]) -> (Int64, String) {
    if let agent = sorted.first(where: { $0.id == id }) { return agent.place }
    return (-(ULID.milliseconds(of: id) ?? 0), id)
  }
}

/// Fetches all agents of the workspace, page by page, for a list. Where that fails, there are none, and the log says so.
final class OrqWorkspaceAgents {
  private let workspace: OrqWorkspace
  private let loop: EventLoop
  private let logger: Logger
  private let done: ([OrqListedAgent]) -> Void
  private var agents: [OrqListedAgent] = []
  private var pages = 0
  private var bytes = 0
  private var call: HTTPClientCall?
  private var status = 0
  private var body: [UInt8] = []

  private static let pagesMax = 100
  private static let bytesMax = 64 * 1024 * 1024

  /// - Parameter done: called once, on the loop, unless ``cancel()`` comes before.
  init(
    _ workspace: OrqWorkspace, on loop: EventLoop, logger: Logger, done: @escaping ([OrqListedAgent]) -> Void
  ) {
    self.workspace = workspace
    self.loop = loop
    self.logger = logger
    self.done = done
  }

  func cancel() { call?.cancel() }

  func fetch(after cursor: String? = nil) {
    pages += 1
    body = []
    // The prose of 3.x allows 50 at once.
    let query = OrqListQuery(limit: workspace.generation == .v3 ? 50 : 200, startingAfter: cursor)
    var request = workspace.request(.listAgents(query, for: workspace.generation))
    request.responseBytesMax = OrqWorkspaceAgents.bytesMax - bytes
    // The call holds this until it ends.
    call = HTTPClient.shared(on: loop).send(
      request,
      HTTPClientHandlers(
        onHead: { [self] in status = $0.status }, onBody: { [self] in body += $0 },
        onEnd: { [self] in took(body, after: cursor) }, onError: { [self] in fail($0.message) }))
  }

  private func took(_ page: [UInt8], after cursor: String?) {
    guard status == 200 else { return fail("the answer was \(status)") }
    guard let root = try? JSONDocument.parse(page).root, let data = root["data"], data.kind == .array else {
      return fail("the list cannot be understood")
    }
    bytes += page.count
    agents += data.elements.compactMap { OrqListedAgent($0) }
    guard root["has_more"]?.bool == true else { return done(agents) }
    guard let last = data.elements.last?["_id"]?.string, last != cursor, pages < OrqWorkspaceAgents.pagesMax,
      bytes < OrqWorkspaceAgents.bytesMax
    else { return fail("the list has no end") }
    fetch(after: last)
  }

  private func fail(_ reason: String) {
    logger.warning(
      "a list of agents leaves out those of the Orq workspace, which cannot be asked", ["reason": .string(reason)])
    done([])
  }
}
