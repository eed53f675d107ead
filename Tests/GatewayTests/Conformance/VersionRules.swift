import Configuration
import JSON
import TestSupport
import Testing

// The server rules of the A2A contract that concern versions. A name carries the number of its rule.

/// Calls in the form of a wire, with the version stated as the test likes.
private func call(
  _ gateway: TestGateway, _ wire: Wire, header: String? = nil, query: String? = nil
) throws -> Reply {
  var out = Call.send("hi").outgoing(wire)
  out.fields = [("Content-Type", "application/json")]
  if let header { out.fields.append(("A2A-Version", header)) }
  if let query { out.path += "?A2A-Version=\(query)" }
  let client = try gateway.web()
  try gateway.caller("echo").send(out, on: client)
  return try Reply(wire, client.response())
}

@Test(arguments: [nil, ""])
func rule05_anAbsentOrEmptyVersionMeansZeroThree(_ header: String?) throws {
  let gateway = try TestGateway(.echo)
  for wire in Wire.v03 { #expect(try call(gateway, wire, header: header).task.state == "completed") }
  for wire in Wire.v1 {
    let reply = try call(gateway, wire, header: header)
    #expect(reply.error?.code == -32009)
    #expect(reply.response.status == (wire.isREST ? 400 : 200))
  }
}

@Test func rule05_aLenientGatewayServesOneZeroToWhoeverNamesNoVersion() throws {
  let gateway = try TestGateway(.echo) { $0.lenientVersions = true }
  for wire in Wire.allCases { #expect(try call(gateway, wire).task.state == "completed") }
  #expect(try call(gateway, .rpc10, header: "0.3").error?.code == -32009)
}

@Test(arguments: ["2.0", "1.1", "0.9", "1", "v1.0", "1.0, 0.3", "one", "1.0.0.0", "-1.0", "1.00000"])
func rule06_anUnsupportedVersionIsRefused(_ version: String) throws {
  let gateway = try TestGateway(.echo)
  for wire in Wire.allCases {
    let reply = try call(gateway, wire, header: version)
    #expect(reply.error?.code == -32009, "\(wire)")
    #expect(reply.response.status == (wire.isREST ? 400 : 200))
    if wire.isV1 { #expect(reply.error?.reason == "VERSION_NOT_SUPPORTED") }
  }
}

@Test func rule06_aRefusalNamesTheVersionsThatAreServed() throws {
  let gateway = try TestGateway(.echo)
  let reply = try call(gateway, .rpc10, header: "2.0")
  let info = reply.json["error"]?["data"]?.array?.first
  #expect(info?["metadata"]?["supportedVersions"] == "0.3,1.0")
}

@Test func rule06_aMethodOfTheOtherVersionIsRefused() throws {
  let gateway = try TestGateway(.echo)
  // A name of 0.3 asked for in 1.0 is no method of it; a name of 1.0 asked for in 0.3 is a wrong version.
  let old = try call(gateway, .rpc03, header: "1.0")
  #expect(old.error?.code == -32601)
  #expect(old.json["error"]?["data"]?.array != nil)
  #expect(try call(gateway, .rpc10, header: "0.3").error?.code == -32009)
  #expect(try call(gateway, .rest10, header: "0.3").error?.code == -32009)
}

@Test(arguments: Wire.v1)
func rule07_theVersionQueryParameterIsHonouredLikeTheHeader(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  #expect(try call(gateway, wire, query: "1.0").task.state == "completed")
  #expect(try call(gateway, wire, query: "2.0").error?.code == -32009)
  // The header wins over the query; an empty one says nothing.
  #expect(try call(gateway, wire, header: "1.0", query: "2.0").task.state == "completed")
  #expect(try call(gateway, wire, header: "", query: "1.0").task.state == "completed")
}

@Test(arguments: Wire.allCases)
func rule08_patchDigitsAreIgnored(_ wire: Wire) throws {
  let gateway = try TestGateway(.echo)
  for patch in ["0", "1", "17"] {
    let reply = try call(gateway, wire, header: wire.isV1 ? "1.0.\(patch)" : "0.3.\(patch)")
    #expect(try reply.task.state == "completed")
    #expect(reply.response.field("a2a-version") == (wire.isV1 ? "1.0" : "0.3"))
  }
}
