import Model
import Testing

@testable import A2A

/// The table of the version rules: what is asked for, against the family of the method or path.
struct VersionNegotiationTests {
  private static let unsupported: ProtocolVersion? = nil

  @Test(
    arguments: [
      // Asked for, served to a 0.3 method, to a 1.0 method, and to an unknown one.
      ("", .v0_3, unsupported, .v0_3), ("  ", .v0_3, unsupported, .v0_3), ("0.3", .v0_3, unsupported, .v0_3),
      ("0.3.0", .v0_3, unsupported, .v0_3), ("1.0", .v1_0, .v1_0, .v1_0), (" 1.0 ", .v1_0, .v1_0, .v1_0),
      ("1.0.1", .v1_0, .v1_0, .v1_0), ("1.1", unsupported, unsupported, unsupported),
      ("2.0", unsupported, unsupported, unsupported), ("0.2", unsupported, unsupported, unsupported),
      ("1", unsupported, unsupported, unsupported), ("v1.0", unsupported, unsupported, unsupported),
      ("1.0.x", unsupported, unsupported, unsupported), ("1.0.0.0", unsupported, unsupported, unsupported),
      ("1.0, 0.3", unsupported, unsupported, unsupported), ("-1.0", unsupported, unsupported, unsupported),
      ("99999.0", unsupported, unsupported, unsupported),
    ] as [(String, ProtocolVersion?, ProtocolVersion?, ProtocolVersion?)])
  func table(
    asked: String, slash: ProtocolVersion?, pascal: ProtocolVersion?, neither: ProtocolVersion?
  ) {
    for (family, expected) in [(ProtocolVersion.v0_3, slash), (.v1_0, pascal), (nil, neither)] {
      let result = VersionNegotiation.resolve(header: asked.isEmpty ? [] : [asked], family: family)
      #expect((try? result.get()) == expected)
      guard case .failure(let error) = result else { continue }
      #expect(error.kind == .versionNotSupported)
      #expect(error.metadata == ["supportedVersions": "0.3,1.0"])
    }
  }

  @Test func aLenientGatewayServes10ToClientsThatNameNoVersion() {
    #expect(VersionNegotiation.resolve(header: [], family: .v1_0, lenient: true) == .success(.v1_0))
    #expect(VersionNegotiation.resolve(header: [], family: .v0_3, lenient: true) == .success(.v0_3))
    #expect((try? VersionNegotiation.resolve(header: ["0.3"], family: .v1_0, lenient: true).get()) == nil)
  }

  @Test func theQueryCountsWhereTheHeaderSaysNothing() {
    #expect(VersionNegotiation.resolve(header: [], query: ["1.0"], family: .v1_0) == .success(.v1_0))
    #expect(VersionNegotiation.resolve(header: [""], query: ["1.0"], family: .v1_0) == .success(.v1_0))
    #expect(VersionNegotiation.resolve(header: ["1.0"], query: ["7.0"], family: .v1_0) == .success(.v1_0))
  }

  @Test func severalValuesAreRefusedEvenWhenEqual() {
    #expect((try? VersionNegotiation.resolve(header: ["1.0", "1.0"], family: .v1_0).get()) == nil)
    #expect((try? VersionNegotiation.resolve(header: [], query: ["1.0", "0.3"], family: .v1_0).get()) == nil)
  }

  @Test func aRefusalIsShapedAsTheFamilyElseAs10() {
    #expect(VersionNegotiation.versionOfRefusal(family: .v0_3) == .v0_3)
    #expect(VersionNegotiation.versionOfRefusal(family: nil) == .v1_0)
  }

  @Test func methodsOfBothVersionsAreDisjointAndNamed() {
    for operation in AgentOperation.allCases {
      for version in ProtocolVersion.allCases {
        guard let name = JSONRPCMethod.name(operation, version) else {
          #expect(operation == .listTasks && version == .v0_3)
          continue
        }
        #expect(JSONRPCMethod.operation(name, version) == operation)
        #expect(JSONRPCMethod.family(name) == version)
      }
    }
    #expect(JSONRPCMethod.family("tasks/list") == .v0_3)
    #expect(JSONRPCMethod.family("Nonsense") == nil)
  }
}
