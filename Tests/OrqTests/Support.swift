import JSON
import Testing

@testable import Orq

func fragment(_ text: String) throws -> JSONFragment { try JSONFragment.parse(Array(text.utf8)) }

/// A JSON text of several lines on one line, as the encoders write it.
func compact(_ text: String) throws -> String {
  String(decoding: try fragment("\n[" + text + "]").bytes.dropFirst().dropLast(), as: UTF8.self)
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// The same for texts that differ only in the order of members and the ways to write numbers.
func canonical(_ text: String) throws -> String {
  String(decoding: try CanonicalJSON.encode(try JSONValue.parse(Array(text.utf8))), as: UTF8.self)
}

extension OrqOutcome {
  /// Of a response that is read as it was written.
  init(_ response: OrqResponse) {
    self.init(
      taskID: response.taskID, status: response.status,
      parts: response.output.filter { $0.role == .agent }.flatMap(\.parts), finishReason: response.finishReason,
      pendingToolCalls: response.pendingToolCalls, usage: response.usage)
  }
}

/// What is wrong with a text, as the caller or the log is told.
func faults<Value: OrqReadable>(_ type: Value.Type, _ text: String) -> [String] {
  do {
    _ = try Value.decode(Array(text.utf8))
    return []
  } catch {
    return error.violations.map(\.field)
  }
}

/// The text of an event as it stands behind `data:`.
func written(_ event: some OrqEvent) -> String {
  var bytes: [UInt8] = []
  event.write(into: &bytes)
  return String(text(bytes).dropFirst("data:  ".count).dropLast(2))
}

/// One event of a family as a value and as a text.
struct GoldenEvent<Event: OrqEvent>: Sendable, CustomTestStringConvertible {
  var event: Event
  /// `data`, in the order in which it is written.
  var data: String
  /// Members of `data` that no release of the SDKs reads without.
  var required: [String]
  /// Members that some releases do not have; they are written always.
  var drifting: [String]

  var testDescription: String { "\(event.type)" }

  static var timestamp: String { "2026-01-01T00:00:00.000Z" }

  var json: String { #"{"type":"\#(event.type)","timestamp":"\#(Self.timestamp)","data":\#(data)}"# }

  /// The event without one member of `data`.
  func without(_ name: String) throws -> [UInt8] {
    var data = try #require(try JSONValue.parse(Array(data.utf8)).object)
    #expect(data.removeValue(name) != nil, "\(name) was there")
    return Array(#"{"type":"\#(event.type)","timestamp":"\#(Self.timestamp)","data":"#.utf8)
      + JSONFragment(.object(data)).bytes + [UInt8(ascii: "}")]
  }

  func expectSymmetry() throws {
    #expect(written(event) == (try compact(json)))
    #expect(try Event.decode(Array(json.utf8)) == .event(event))
  }

  func expectEveryRequiredMember() throws {
    for name in required {
      let bytes = try without(name)
      let fault = #expect(throws: OrqFault.self, "without \(name)") { try Event.decode(bytes) }
      #expect(fault?.violations == [OrqFault.Violation(field: "data." + name, description: "Is required.")])
    }
    for name in drifting {
      let item = try Event.decode(try without(name))
      guard case .event(let event) = item else {
        Issue.record("without \(name): \(item)")
        continue
      }
      #expect(written(event).contains(#""\#(name)":"""#))
    }
  }
}
