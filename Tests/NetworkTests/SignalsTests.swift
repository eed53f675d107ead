import Glibc
import Network
import Synchronization
import Testing

struct SignalsTests {
  @Test func aSignalIsACallOnTheLoop() throws {
    let received = Mutex<[Int32]>([])
    let group = try LoopGroup(count: 1) { loop in
      Signals.block([SIGUSR1, SIGUSR2])
      let signals = try Signals([SIGUSR1, SIGUSR2], on: loop) { number in
        received.withLock { $0.append(number) }
        if number == SIGUSR2 { loop.stop() }
      }
      _ = signals
      // To this thread only: others do not block them.
      pthread_kill(pthread_self(), SIGUSR1)
      loop.later { pthread_kill(pthread_self(), SIGUSR2) }
    }
    group.join()
    #expect(received.withLock { $0 } == [SIGUSR1, SIGUSR2])
  }
}
