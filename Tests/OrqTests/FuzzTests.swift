import JSON
import TestSupport
import Testing

@testable import Orq

/// Random values through their texts, and texts that are nearly right.
struct FuzzTests {
  @Test(arguments: Seeds.take(8))
  func eventsSurvive(seed: UInt64) throws {
    var values = RandomValues(seed: seed)
    for round in 0..<100 {
      try expectSurvives(values.agentEvent(), "seed \(seed), round \(round)")
      try expectSurvives(values.responseEvent(), "seed \(seed), round \(round)")
    }
  }

  private func expectSurvives<Event: OrqEvent>(_ event: Event, _ place: Comment) throws {
    let json = written(event)
    #expect(!json.utf8.contains(0x0A) && !json.utf8.contains(0x0D), place)
    #expect(try Event.decode(Array(json.utf8)) == .event(event), place)
  }

  @Test(arguments: Seeds.take(8))
  func answersSurvive(seed: UInt64) throws {
    var values = RandomValues(seed: seed)
    for round in 0..<50 {
      try expectSurvives(values.task(), "seed \(seed), round \(round)")
      try expectSurvives(values.response(), "seed \(seed), round \(round)")
      try expectSurvives(values.manifest(), "seed \(seed), round \(round)")
    }
  }

  private func expectSurvives<Value: OrqValue>(_ value: Value, _ place: Comment) throws {
    #expect(try Value.decode(value.encoded()) == value, place)
  }

  private func expectSurvives(_ response: OrqResponse, _ place: Comment) throws {
    #expect(try OrqOutcome.decode(response.encoded()) == OrqOutcome(response), place)
  }

  @Test(arguments: Seeds.take(8), OrqGeneration.allCases)
  func requestsSurvive(seed: UInt64, generation: OrqGeneration) throws {
    var values = RandomValues(seed: seed)
    for round in 0..<50 {
      let invoke = values.invoke(generation)
      #expect(try OrqInvokeRequest.decode(invoke.encoded(for: generation)) == invoke, "seed \(seed), round \(round)")
      let run = values.run(generation)
      #expect(try OrqRunRequest.decode(run.encoded(for: generation)) == run, "seed \(seed), round \(round)")
      let response = values.responseRequest()
      #expect(try OrqResponseRequest.decode(response.encoded(for: .v4)) == response, "seed \(seed), round \(round)")
    }
  }

  /// Whatever comes, the readers return or refuse, and what they return can be written and read again.
  @Test(arguments: Seeds.take(8))
  func brokenTextsAreReadOrRefused(seed: UInt64) throws {
    var values = RandomValues(seed: seed)
    let favourites = Array(#"{}[]",:\0-.e nk"#.utf8)
    for _ in 0..<100 {
      func mutated(_ bytes: [UInt8]) -> [UInt8] { bytes.mutated(using: &values.random, favouring: favourites) }
      try expectStable(OrqAgentEvent.self, mutated(Array(written(values.agentEvent()).utf8)))
      try expectStable(OrqResponseEvent.self, mutated(Array(written(values.responseEvent()).utf8)))
      try expectStable(OrqTask.self, mutated(values.task().encoded()))
      expectBounded(OrqOutcome.self, mutated(values.response().encoded()))
      try expectStable(OrqManifest.self, mutated(values.manifest().encoded()))
      let run = mutated(values.run(.v4).encoded(for: .v4))
      if let request = try? OrqRunRequest.decode(run) {
        #expect(try OrqRunRequest.decode(request.encoded(for: .v4)).turn == request.turn)
      }
    }
  }

  private func expectStable<Value: OrqValue>(_ type: Value.Type, _ bytes: [UInt8]) throws {
    do {
      let value = try Value.decode(bytes)
      #expect(try Value.decode(value.encoded()) == value)
    } catch {
      #expect(error.violations.count <= OrqLimits.faultsMax)
    }
  }

  private func expectBounded<Value: OrqReadable>(_ type: Value.Type, _ bytes: [UInt8]) {
    do {
      _ = try Value.decode(bytes)
    } catch {
      #expect(error.violations.count <= OrqLimits.faultsMax)
    }
  }

  private func expectStable<Event: OrqEvent>(_ type: Event.Type, _ bytes: [UInt8]) throws {
    do {
      guard case .event(let event) = try Event.decode(bytes) else { return }
      #expect(try Event.decode(Array(written(event).utf8)) == .event(event))
    } catch {
      #expect(error.violations.count <= OrqLimits.faultsMax)
    }
  }
}
