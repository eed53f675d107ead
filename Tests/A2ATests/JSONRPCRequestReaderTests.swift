import JSON
import Model
import Testing

@testable import A2A

struct JSONRPCRequestReaderTests {
  private func fault(_ body: String) -> (kind: AgentError.Kind, id: String)? {
    do {
      _ = try JSONRPCRequestReader.read(Array(body.utf8))
      return nil
    } catch {
      return (error.error.kind, text(error.id.bytes))
    }
  }

  @Test(arguments: ["\"r1\"", "1", "-7", "1.50", "1e3", "12345678901234567890", "null", "\"\"", #""\u00e9\/""#])
  func theIDIsKeptAsItsOwnText(id: String) throws {
    let request = try JSONRPCRequestReader.read(Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"GetTask"}"#.utf8))
    #expect(text(request.id.bytes) == id)
    #expect(request.method == "GetTask")
    #expect(request.params == nil)
  }

  @Test func aCallWithoutAnIDIsAnsweredWithNull() throws {
    let request = try JSONRPCRequestReader.read(Array(#"{"jsonrpc":"2.0","method":"m","params":{"a":1}}"#.utf8))
    #expect(text(request.id.bytes) == "null")
    #expect(request.params?["a"]?.int64 == 1)
  }

  @Test func paramsMayBeNull() throws {
    #expect(try JSONRPCRequestReader.read(Array(#"{"jsonrpc":"2.0","method":"m","params":null}"#.utf8)).params == nil)
  }

  @Test(arguments: ["", "{", "{\"a\":1,}", "nul", "\u{feff}{}", "{\"id\":1,\"id\":2}"])
  func whatIsNotJSONIsAParseErrorWithNullID(body: String) {
    let fault = fault(body)
    #expect(fault?.kind == .parseError)
    #expect(fault?.id == "null")
  }

  @Test(arguments: [
    ("[]", "null"), (#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#, "null"), ("7", "null"), ("null", "null"),
    (#"{"id":1,"method":"m"}"#, "1"), (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, "1"),
    (#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, "1"), (#"{"jsonrpc":"2.0","id":1}"#, "1"),
    (#"{"jsonrpc":"2.0","id":1,"method":7}"#, "1"), (#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, "null"),
    (#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, "null"), (#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, "null"),
    (#"{"jsonrpc":"2.0","id":"x","method":"m","params":"p"}"#, "\"x\""),
    (#"{"jsonrpc":"2.0","id":"x","method":"m","params":3}"#, "\"x\""),
  ])
  func whatIsNoRequestIsRefusedUnderItsIDWhereReadable(body: String, id: String) {
    let fault = fault(body)
    #expect(fault?.kind == .invalidRequest)
    #expect(fault?.id == id)
  }

  @Test func positionalParamsAreInvalidParams() {
    let fault = fault(#"{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}"#)
    #expect(fault?.kind == .invalidParams)
    #expect(fault?.id == "1")
  }

  @Test func hugeIDsAndMethodsAreRefused() {
    let long = String(repeating: "x", count: 2000)
    #expect(fault(#"{"jsonrpc":"2.0","id":"\#(long)","method":"m"}"#)?.kind == .invalidRequest)
    #expect(fault(#"{"jsonrpc":"2.0","id":1,"method":"\#(long)"}"#)?.kind == .methodNotFound)
  }
}
