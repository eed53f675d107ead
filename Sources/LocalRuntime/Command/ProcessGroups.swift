import Glibc
import Synchronization

/// The process groups of all agents that run, so that none outlives the gateway: what is left when the gateway exits is
/// killed.
enum ProcessGroups {
  private static let running = Mutex<Set<pid_t>>([])

  private static let endAtExit: Void = {
    // Fails only for want of memory; then children are merely left to whoever supervises the gateway.
    _ = atexit { ProcessGroups.endAll() }
  }()

  static func add(_ pid: pid_t) {
    endAtExit
    running.withLock { _ = $0.insert(pid) }
  }

  /// To be called before the process is waited for: from then on the number may be another's.
  static func remove(_ pid: pid_t) { running.withLock { _ = $0.remove(pid) } }

  private static func endAll() {
    running.withLock { groups in
      for pid in groups { _ = kill(-pid, SIGKILL) }
    }
  }
}
