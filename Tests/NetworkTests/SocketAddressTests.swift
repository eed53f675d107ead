import Network
import Testing

struct SocketAddressTests {
  @Test(arguments: ["127.0.0.1:8080", "0.0.0.0:0", "[::1]:443", "[2001:db8::1]:65535", "unix:/run/a.sock"])
  func textsThatAreAddressesComeBackAsTheyWere(_ text: String) {
    #expect(SocketAddress(text)?.description == text)
  }

  @Test(arguments: [
    "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0.1:08 ", "[127.0.0.1]:1", "::1:80",
    "[::1]",
    "localhost:80", "1.2.3:80", "unix:", "unix:" + String(repeating: "a", count: 108), "1.2.3.4.5:80", "[::1:80",
  ])
  func otherTextsAreRefused(_ text: String) {
    #expect(SocketAddress(text) == nil)
  }

  @Test func loopbackIsThisMachineOnly() throws {
    for ip in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
      #expect(try #require(SocketAddress(ip: ip, port: 1)).isLoopback)
    }
    for ip in ["128.0.0.1", "::2", "::ffff:10.0.0.1", "0.0.0.0"] {
      #expect(try !#require(SocketAddress(ip: ip, port: 1)).isLoopback)
    }
  }

  @Test func errorsNameTheCallAndTheReason() {
    let error = SystemError(call: "accept4", errno: 24)
    #expect(error.description == "accept4: Too many open files (errno 24)")
  }
}
