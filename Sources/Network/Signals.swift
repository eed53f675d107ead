import CLinux
import Glibc

/// Signals as events of a loop (signalfd): the handler is an ordinary call on the loop's thread.
public final class Signals: EventHandler {
  private let loop: EventLoop
  private let fd: Int32
  private var handler: ((Int32) -> Void)?

  /// Handles the given signals on `loop` until `close`. Call `block` with them before any thread is started: a thread
  /// that does not block a signal gets it in the old way.
  public init(_ signals: [Int32], on loop: EventLoop, handler: @escaping (Int32) -> Void) throws(SystemError) {
    var set = Signals.set(of: signals)
    // The kernel copies the set during the call.
    fd = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    guard fd >= 0 else { throw .last("signalfd") }
    self.loop = loop
    self.handler = handler
    do throws(SystemError) {
      try loop.add(fd, .read, self)
    } catch {
      _ = Glibc.close(fd)
      throw error
    }
  }

  /// Stops handling. Signals that come later stay blocked.
  public func close() {
    guard handler != nil else { return }
    handler = nil
    loop.remove(fd)
    _ = Glibc.close(fd)
  }

  public func ready(_ events: ReadyEvents, on loop: EventLoop) {
    var information = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    // The kernel writes whole structures of exactly this size.
    while handler != nil, unsafe Glibc.read(fd, &information, size) == size {
      handler?(Int32(information.ssi_signo))
    }
  }

  /// Blocks the signals in the calling thread and in all that it starts from now on.
  public static func block(_ signals: [Int32]) {
    var set = Signals.set(of: signals)
    // Fails only for an unknown `how`, which SIG_BLOCK is not.
    _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// A reader that has gone must be an error of the write, not the end of the process: pipes know no MSG_NOSIGNAL.
  /// Children inherit this; whoever starts one resets it.
  static func ignoreBrokenPipe() { ignoredBrokenPipe }

  private static let ignoredBrokenPipe: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

  private static func set(of signals: [Int32]) -> sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in signals { unsafe sigaddset(&set, number) }
    return set
  }
}
