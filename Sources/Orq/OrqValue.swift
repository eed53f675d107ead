public import JSON

/// A JSON object of the API that is read. Members that the API does not know are passed over.
public protocol OrqReadable: Sendable, Equatable {
  /// Who writes such values.
  static var author: OrqReader.Author { get }

  /// Notes in `reader` what is wrong; the value is then of no use.
  init(_ node: JSONNode, _ reader: inout OrqReader)
}

extension OrqReadable {
  public static var author: OrqReader.Author { .server }

  /// - Throws: one fault that lists all that is wrong.
  public static func decode(_ node: JSONNode) throws(OrqFault) -> Self {
    guard node.kind == .object else { throw OrqFault("", "Must be an object.") }
    var reader = OrqReader(author)
    let value = Self(node, &reader)
    try reader.finish()
    return value
  }

  public static func decode(_ bytes: [UInt8], limits: JSONLimits = .default) throws(OrqFault) -> Self {
    try decode(OrqReader.parse(bytes, by: author, limits: limits))
  }
}

/// A JSON object of the API that is written in the same form in every generation.
public protocol OrqWritable {
  func write(into json: inout JSONWriter)
}

/// A value that is read and written.
public typealias OrqValue = OrqReadable & OrqWritable

extension OrqWritable {
  /// The value as a body.
  public func encoded() -> [UInt8] {
    var json = JSONWriter()
    write(into: &json)
    return json.finish()
  }
}

/// The body of a request, whose form depends on the generation of the API that it goes to.
public protocol OrqRequestBody: OrqReadable {
  func write(into json: inout JSONWriter, for generation: OrqGeneration)
}

extension OrqRequestBody {
  public static var author: OrqReader.Author { .caller }

  public func encoded(for generation: OrqGeneration) -> [UInt8] {
    var json = JSONWriter(reserving: 1024)
    write(into: &json, for: generation)
    return json.finish()
  }
}

/// The generations of the API, named by the SDK releases that speak them (contract §8).
public enum OrqGeneration: Sendable, Equatable, CaseIterable {
  /// 3.13 and 3.14: tasks and actions can be read, there is no `responses`.
  case v3
  /// From 4.0: `responses`, blocking invocations, no reading of tasks.
  case v4
}

extension JSONWriter {
  mutating func value(_ value: some OrqWritable) { value.write(into: &self) }

  mutating func member(_ name: StaticString, _ value: some OrqWritable) {
    key(name)
    value.write(into: &self)
  }

  mutating func member(_ name: StaticString, _ values: [some OrqWritable]) {
    key(name)
    beginArray()
    for value in values { value.write(into: &self) }
    endArray()
  }

  mutating func member(_ name: StaticString, _ values: [String]) {
    key(name)
    beginArray()
    for value in values { string(value) }
    endArray()
  }

  mutating func member(_ name: StaticString, _ number: JSONNumber) {
    key(name)
    self.number(number)
  }

  // Optional members are left out, never null (contract §1).

  mutating func optional(_ name: StaticString, _ text: String?) { if let text { member(name, text) } }
  mutating func optional(_ name: StaticString, _ text: JSONString?) { if let text { member(name, text) } }
  mutating func optional(_ name: StaticString, _ json: JSONFragment?) { if let json { member(name, json) } }
  mutating func optional(_ name: StaticString, _ number: Int?) { if let number { member(name, number) } }
  mutating func optional(_ name: StaticString, _ number: JSONNumber?) { if let number { member(name, number) } }
  mutating func optional(_ name: StaticString, _ flag: Bool?) { if let flag { member(name, flag) } }
  mutating func optional(_ name: StaticString, _ value: (some OrqWritable)?) { if let value { member(name, value) } }
}
