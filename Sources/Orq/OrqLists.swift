public import HTTP
public import JSON

/// One page of a list of agents or actions (contract §3.2). The next page starts after the last element's `_id`.
public struct OrqList<Element: OrqValue>: OrqValue {
  public var data: [Element]
  public var hasMore: Bool

  public init(_ data: [Element], hasMore: Bool) {
    self.data = data
    self.hasMore = hasMore
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    data = reader.requiredValues(node, "data", Element.self)
    hasMore = reader.requiredBool(node, "has_more")
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("object", "list")
    json.member("data", data)
    json.member("has_more", hasMore)
    json.endObject()
  }
}

/// The tasks of one agent (3.x, contract §3.10). Unlike other lists it has a total and no mark of a further page.
public struct OrqTaskList: OrqValue {
  public var tasks: [OrqTaskRecord]
  public var overallTotal: Int

  public init(_ tasks: [OrqTaskRecord], overallTotal: Int) {
    self.tasks = tasks
    self.overallTotal = overallTotal
  }

  public init(_ node: JSONNode, _ reader: inout OrqReader) {
    tasks = reader.requiredValues(node, "tasks", OrqTaskRecord.self)
    overallTotal = reader.requiredInt(node, "overall_total")
  }

  public func write(into json: inout JSONWriter) {
    json.beginObject()
    json.member("tasks", tasks)
    json.member("overall_total", overallTotal)
    json.endObject()
  }
}

/// The query of a list (contract §3.2, §3.10).
public struct OrqListQuery: Sendable, Equatable {
  /// Within ``OrqLimits/pageSizes``. Where it is not said, 4.x lists all agents.
  public var limit: Int?
  /// The `_id` of the last element of the page before.
  public var startingAfter: String?
  public var endingBefore: String?
  /// Of agents, in 4.5 to 4.9.
  public var kind: OrqManifest.Kind?
  /// Of tasks; empty for any.
  public var statuses: [OrqTaskRecord.Status]

  public init(
    limit: Int? = nil, startingAfter: String? = nil, endingBefore: String? = nil, kind: OrqManifest.Kind? = nil,
    statuses: [OrqTaskRecord.Status] = []
  ) {
    self.limit = limit
    self.startingAfter = startingAfter
    self.endingBefore = endingBefore
    self.kind = kind
    self.statuses = statuses
  }

  /// Parameters of other names are passed over; empty ones are as good as none.
  public init(_ query: QueryParameters) throws(OrqFault) {
    func text(_ name: String) throws(OrqFault) -> String? {
      guard let text = query.first(name), !text.isEmpty else { return nil }
      guard text.utf8.count <= OrqLimits.identifierBytesMax else {
        throw OrqFault(name, "Must not be longer than \(OrqLimits.identifierBytesMax) bytes.")
      }
      return text
    }
    func value<Value: RawRepresentable & CaseIterable>(_ name: String, _ text: String) throws(OrqFault) -> Value
    where Value.RawValue == String {
      guard let value = Value(rawValue: text) else {
        throw OrqFault(name, "Must be \(Value.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      return value
    }
    if let limit = try text("limit") {
      // The SDKs send 10.0 for ten.
      let range = OrqLimits.pageSizes
      guard let number = JSONNumber(text: limit)?.int64, let size = Int(exactly: number), range.contains(size) else {
        throw OrqFault("limit", "Must be a whole number from \(range.lowerBound) to \(range.upperBound).")
      }
      self.limit = size
    }
    startingAfter = try text("starting_after")
    endingBefore = try text("ending_before")
    kind = nil
    statuses = []
    if let type = try text("type") { kind = try value("type", type) }
    // The SDKs send one; the API's prose takes several, with commas.
    for name in try text("status")?.split(whereSeparator: { $0 == "," || $0 == " " }) ?? [] {
      statuses.append(try value("status", String(name)))
    }
  }

  /// The query without its `?`; nil where nothing is asked.
  var text: String? {
    let given: [(String, String?)] = [
      ("limit", limit.map { "\($0)" }), ("starting_after", startingAfter), ("ending_before", endingBefore),
      ("type", kind?.rawValue),
      ("status", statuses.isEmpty ? nil : statuses.map(\.rawValue).joined(separator: ",")),
    ]
    let items = given.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encodePathSegment($0))" } }
    return items.isEmpty ? nil : items.joined(separator: "&")
  }
}
