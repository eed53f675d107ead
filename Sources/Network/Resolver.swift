import CLinux
import Dispatch
import Glibc
import Synchronization

/// A host name has no address, or could not be looked up.
public struct ResolveError: Error, Sendable, Equatable, CustomStringConvertible {
  public let host: String
  /// The system's words.
  public let reason: String

  public init(host: String, reason: String) {
    self.host = host
    self.reason = reason
  }

  public var description: String { "\(host): \(reason)" }
}

/// Looks host names up on threads of its own: the system's resolver blocks.
public final class Resolver: Sendable {
  /// For the whole program.
  public static let shared = Resolver()

  private struct Question: Sendable {
    let host: String
    let port: UInt16
    let reply: Reply<Result<[SocketAddress], ResolveError>>
  }

  private struct State {
    var questions: [Question] = []
    var threads = 0
    var idleThreads = 0
  }

  private let state = Mutex(State())
  private let arrivals = DispatchSemaphore(value: 0)
  private let threadsMax: Int
  private let questionsMax: Int

  /// - Parameters:
  ///   - threads: Names looked up at the same time; threads start when they are needed.
  ///   - waiting: Questions that may wait for a thread; more are refused.
  public init(threads: Int = 4, waiting: Int = 1024) {
    threadsMax = threads
    questionsMax = waiting
  }

  /// Answers on the loop of `reply` with the addresses of `host` in the system's order of preference (RFC 6724).
  public func resolve(_ host: String, port: UInt16, _ reply: Reply<Result<[SocketAddress], ResolveError>>) {
    enum Next { case wait, startThread, refuse }
    let next: Next = state.withLock { state in
      guard state.questions.count < questionsMax else { return .refuse }
      state.questions.append(Question(host: host, port: port, reply: reply))
      guard state.questions.count > state.idleThreads, state.threads < threadsMax else { return .wait }
      state.threads += 1
      state.idleThreads += 1
      return .startThread
    }
    switch next {
    case .refuse: reply.send(.failure(ResolveError(host: host, reason: "too many names wait to be looked up")))
    case .startThread:
      startThread()
      arrivals.signal()
    case .wait: arrivals.signal()
    }
  }

  private func startThread() {
    do throws(SystemError) {
      try Thread(name: "resolver") { [self] in answerQuestions() }.detach()
    } catch {
      let stranded = state.withLock { state in
        state.threads -= 1
        state.idleThreads -= 1
        // Others will get to the questions; without any thread nobody would.
        guard state.threads == 0 else { return [] as [Question] }
        defer { state.questions = [] }
        return state.questions
      }
      for question in stranded {
        question.reply.send(.failure(ResolveError(host: question.host, reason: error.description)))
      }
    }
  }

  private func answerQuestions() {
    while true {
      arrivals.wait()
      let question = state.withLock { state in
        guard !state.questions.isEmpty else { return nil as Question? }
        state.idleThreads -= 1
        return state.questions.removeFirst()
      }
      guard let question else { continue }
      question.reply.send(Resolver.lookUp(question.host, question.port))
      state.withLock { $0.idleThreads += 1 }
    }
  }

  private static func lookUp(_ host: String, _ port: UInt16) -> Result<[SocketAddress], ResolveError> {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, &hints, &list)
    // The list is freed on every way out; its entries are read before.
    defer { if unsafe list != nil { unsafe freeaddrinfo(list) } }
    guard code == 0 else {
      return .failure(ResolveError(host: host, reason: unsafe String(cString: gai_strerror(code))))
    }
    var addresses: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let pointer = unsafe entry.pointee.ai_addr,
        let address = unsafe SocketAddress(pointer, length: entry.pointee.ai_addrlen)?.with(port: port),
        !addresses.contains(address)
      {
        addresses.append(address)
      }
      unsafe next = entry.pointee.ai_next
    }
    return addresses.isEmpty ? .failure(ResolveError(host: host, reason: "no address")) : .success(addresses)
  }
}
