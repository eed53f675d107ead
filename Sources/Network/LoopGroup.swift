import Dispatch
import Glibc
import Synchronization

/// Several loops, each on its own thread.
public final class LoopGroup: Sendable {
  public let mailboxes: [Mailbox]
  private let threads: [Thread]

  /// Starts `count` threads and runs `prepare` on each, with its loop, before the loop turns. Returns when all are
  /// prepared. When one throws, the others are stopped and the first error is thrown.
  public init(
    count: Int, time: any TimeSource = SystemTime(), prepare: @escaping @Sendable (EventLoop) throws -> Void
  ) throws {
    let starts = (0..<count).map { _ in StartSignal() }
    var threads: [Thread] = []
    for (index, start) in starts.enumerated() {
      threads.append(try Thread(name: "loop-\(index)") { LoopGroup.runLoop(index, time, start, prepare) })
    }
    let results = starts.map { $0.wait() }
    self.threads = threads
    mailboxes = results.compactMap { try? $0.get() }
    for result in results {
      guard case .failure(let error) = result else { continue }
      stop()
      join()
      throw error
    }
  }

  private static func runLoop(
    _ index: Int, _ time: any TimeSource, _ start: StartSignal, _ prepare: @Sendable (EventLoop) throws -> Void
  ) {
    do {
      let loop = try EventLoop(index: index, time: time)
      defer { loop.close() }
      try prepare(loop)
      start.send(.success(loop.mailbox))
      loop.run()
    } catch {
      start.send(.failure(error))
    }
  }

  /// Asks all loops to end; `join` waits until they have.
  public func stop() {
    for mailbox in mailboxes { mailbox.submit { $0.stop() } }
  }

  /// Waits for all threads to end. To be called once, after `stop`.
  public func join() {
    for thread in threads { thread.join() }
  }
}

/// Tells the starter how a thread's preparation went.
private final class StartSignal: Sendable {
  private let result = Mutex<Result<Mailbox, any Error>?>(nil)
  private let semaphore = DispatchSemaphore(value: 0)

  func send(_ value: Result<Mailbox, any Error>) {
    result.withLock { $0 = value }
    semaphore.signal()
  }

  func wait() -> Result<Mailbox, any Error> {
    semaphore.wait()
    return result.withLock { $0 } ?? .failure(SystemError(call: "pthread_create", errno: EAGAIN))
  }
}
