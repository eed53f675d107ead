import Network
import Testing

struct ResolverTests {
  @Test func aNameOfThisMachineHasLoopbackAddresses() throws {
    let loop = try EventLoop()
    defer { loop.close() }
    var result: Result<[SocketAddress], ResolveError>?
    Resolver().resolve("localhost", port: 81, loop.expect { result = $0 })
    try turn(loop, until: "an answer") { result != nil }
    let addresses = try #require(result).get()
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.isLoopback && $0.port == 81 })
  }

  @Test func questionsBeyondTheBoundAreRefusedAndTheRestAnswered() throws {
    let loop = try EventLoop()
    defer { loop.close() }
    let resolver = Resolver(threads: 2, waiting: 2)
    var answers = 0
    var refusals = 0
    for _ in 0..<50 {
      resolver.resolve(
        "localhost", port: 1,
        loop.expect { result in
          if case .failure(let error) = result {
            #expect(error.reason == "too many names wait to be looked up")
            refusals += 1
          }
          answers += 1
        })
    }
    try turn(loop, until: "all answers") { answers == 50 }
    #expect(refusals > 0 && refusals <= 48)
  }

  @Test func aReplyCountsOnce() throws {
    let loop = try EventLoop()
    defer { loop.close() }
    var values: [Int] = []
    let reply = loop.expect { (value: Int) in values.append(value) }
    reply.send(1)
    reply.send(2)
    loop.runOnce()
    #expect(values == [1])
  }
}
