import Glibc
import Synchronization

/// The process groups of agents that run, so that none outlives the gateway.
final class ProcessGroups: Sendable {
  private let running = Mutex<Set<pid_t>>([])

  /// Those of this process; what is left of them when it exits is killed.
  static let ofThisProcess: ProcessGroups = {
    // Fails only for want of memory; then children are merely left to whoever supervises the gateway.
    _ = atexit { ProcessGroups.ofThisProcess.endAll() }
    return ProcessGroups()
  }()

  func add(_ pid: pid_t) { running.withLock { _ = $0.insert(pid) } }

  /// To be called before the process is waited for: from then on the number may be another's.
  func remove(_ pid: pid_t) { running.withLock { _ = $0.remove(pid) } }

  func endAll() {
    running.withLock { groups in
      for pid in groups { _ = kill(-pid, SIGKILL) }
    }
  }
}
