internal import JSON

/// One member that two cards do not agree on.
struct CardDifference: Equatable {
  enum Kind: String {
    case added, removed, changed
  }

  let kind: Kind
  /// Such as `skills[echo].description`.
  let path: String
  /// nil for what was added, as `new` is for what was removed.
  var old: JSONValue?
  var new: JSONValue?

  /// What differs in what two cards say, in the order of the first one. Signatures and what is empty say nothing; lists of
  /// texts have no order; elements with an id, a URI or a URL are told by it, and count as moved where their order says
  /// what is preferred.
  static func all(_ old: JSONValue, _ new: JSONValue) -> [CardDifference] {
    var found: [CardDifference] = []
    compare(old.said, new.said, "", &found)
    return found
  }

  private static func compare(_ old: JSONValue, _ new: JSONValue, _ path: String, _ found: inout [CardDifference]) {
    switch (old, new) {
    case (.object(let a), .object(let b)):
      compare(a, b, &found) { path.isEmpty ? $0 : "\(path).\($0)" }
    case (.array(let a), .array(let b)): compare(a, b, path, &found)
    case (.number(let a), .number(let b)) where a.double != nil && a.double == b.double: break
    default: if old != new { found.append(CardDifference(kind: .changed, path: path, old: old, new: new)) }
    }
  }

  /// - Parameter place: the path of a member.
  private static func compare(
    _ old: JSONObject, _ new: JSONObject, _ found: inout [CardDifference], place: (String) -> String
  ) {
    for (name, value) in old.members {
      if let other = new[name] {
        compare(value, other, place(name), &found)
      } else {
        found.append(CardDifference(kind: .removed, path: place(name), old: value))
      }
    }
    for (name, value) in new.members where old[name] == nil {
      found.append(CardDifference(kind: .added, path: place(name), new: value))
    }
  }

  private static func compare(_ old: [JSONValue], _ new: [JSONValue], _ path: String, _ found: inout [CardDifference]) {
    guard let (olds, news) = names(old, new) else {
      for index in 0..<max(old.count, new.count) {
        let place = "\(path)[\(index)]"
        if index >= new.count {
          found.append(CardDifference(kind: .removed, path: place, old: old[index]))
        } else if index >= old.count {
          found.append(CardDifference(kind: .added, path: place, new: new[index]))
        } else {
          compare(old[index], new[index], place, &found)
        }
      }
      return
    }
    compare(JSONObject(Array(zip(olds, old))), JSONObject(Array(zip(news, new))), &found) { "\(path)[\($0)]" }
    let isRanked = path == "supportedInterfaces" || path == "additionalInterfaces"
    let (before, after) = (olds.filter(news.contains), news.filter(olds.contains))
    if isRanked, before != after {
      found.append(
        CardDifference(
          kind: .changed, path: path + " (order)", old: .array(before.map { .string($0) }),
          new: .array(after.map { .string($0) })))
    }
  }

  /// The names of all elements, where each has one of its own; nil where they are told by their place.
  private static func names(_ old: [JSONValue], _ new: [JSONValue]) -> ([String], [String])? {
    let (olds, news) = (old.compactMap(name), new.compactMap(name))
    guard olds.count == old.count, news.count == new.count, Set(olds).count == olds.count, Set(news).count == news.count
    else { return nil }
    return (olds, news)
  }

  private static func name(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): return text
    case .object(let object):
      if let name = object["id"]?.string ?? object["uri"]?.string { return name }
      guard let url = object["url"]?.string else { return nil }
      let rest = [object["protocolBinding"], object["transport"], object["protocolVersion"], object["tenant"]]
      return ([url] + rest.compactMap { $0?.string }).joined(separator: " ")
    default: return nil
    }
  }

  // MARK: Words

  /// One line.
  var text: String {
    switch kind {
    case .added: "+ \(path): \(CardDifference.short(new))"
    case .removed: "- \(path): \(CardDifference.short(old))"
    case .changed: "~ \(path): \(CardDifference.short(old)) → \(CardDifference.short(new))"
    }
  }

  var json: JSONValue {
    var object: JSONObject = ["kind": .string(kind.rawValue), "path": .string(path)]
    object["old"] = old
    object["new"] = new
    return .object(object)
  }

  private static let shownMax = 160

  private static func short(_ value: JSONValue?) -> String {
    guard let value else { return "" }
    let text = String(decoding: JSONFragment(value).bytes, as: UTF8.self)
    return text.count > shownMax ? text.prefix(shownMax) + "…" : text
  }
}

extension JSONValue {
  /// What the value says: without signatures and without what is empty.
  fileprivate var said: JSONValue {
    guard case .object(var card) = self else { return self }
    card.removeValue("signatures")
    return JSONValue.object(card).withoutEmptyMembers
  }

  private var withoutEmptyMembers: JSONValue {
    switch self {
    case .object(let object):
      return .object(
        object.compactMapValues { value in
          let left = value.withoutEmptyMembers
          return left.isEmptyValue ? .none : left
        })
    case .array(let elements): return .array(elements.map(\.withoutEmptyMembers))
    default: return self
    }
  }

  private var isEmptyValue: Bool {
    switch self {
    case .null: true
    case .string(let text): text.isEmpty
    case .array(let elements): elements.isEmpty
    case .object(let object): object.isEmpty
    case .bool, .number: false
    }
  }
}
