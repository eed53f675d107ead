import CLinux
import Glibc
import Synchronization

/// A thread of the system.
final class Thread: Sendable {
  /// Enough for the deepest recursion there is (bounded JSON), and small enough to have many.
  private static let stackBytes = 2 * 1024 * 1024

  private let identity: pthread_t

  init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setstacksize(&attributes, Thread.stackBytes)
    let box = unsafe Unmanaged.passRetained(ThreadBody(name: name, body: body))
    var identity = pthread_t()
    // The thread takes over the retained body; where there is no thread it is released here.
    let result = unsafe pthread_create(
      &identity, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
        unsafe linux_set_thread_name(body.name)
        body.body()
        return nil
      }, box.toOpaque())
    guard result == 0 else {
      unsafe box.release()
      throw SystemError(call: "pthread_create", errno: result)
    }
    self.identity = identity
  }

  func join() { pthread_join(identity, nil) }

  func detach() { pthread_detach(identity) }
}

private final class ThreadBody: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}
