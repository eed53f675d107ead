internal import Network
internal import Synchronization

/// What changes agents while the gateway runs: one for the whole gateway, on its first loop. Other loops reach it through
/// ``ControlDoor``.
final class ControlPlane {
  let loop: EventLoop
  let catalogue: AgentCatalogue
  /// nil where nothing is kept: then nothing that a call made would outlive the process, and no such call is taken.
  let state: StateDirectory?
  /// Where there is an Orq workspace.
  var directory: OrqDirectory?
  var external: ExternalRegistry?
  /// Where the Orq workspace is to know of external agents.
  var registrar: OrqRegistrar?
  /// Makes agents of calls.
  var runtimeAgents: RuntimeAgents?

  init(loop: EventLoop, catalogue: AgentCatalogue, state: StateDirectory?) {
    self.loop = loop
    self.catalogue = catalogue
    self.state = state
  }

  func start() {
    directory?.start()
    external?.start()
  }

  func stop() {
    directory?.stop()
    external?.stop()
    registrar?.stop()
  }
}

/// The way to the control plane from any loop.
final class ControlDoor: Sendable {
  private let target = Mutex<(mailbox: Mailbox, plane: LoopBound<ControlPlane>)?>(nil)

  /// On the control loop, before it serves.
  func open(_ plane: ControlPlane) {
    let bound = LoopBound(plane, on: plane.loop)
    target.withLock { $0 = (plane.loop.mailbox, bound) }
  }

  /// Lets go of the control plane: its loop has ended.
  func close() { target.withLock { $0 = nil } }

  /// Runs `body` on the control loop in one of its next turns; answers come back by replies (``EventLoop/expect(_:)``).
  ///
  /// - Returns: false in the first moments of the process, when there is no control plane yet, and behind its last ones; then
  ///   `body` is dropped.
  func perform(_ body: @escaping @Sendable (ControlPlane) -> Void) -> Bool {
    guard let target = target.withLock({ $0 }) else { return false }
    target.mailbox.submit { loop in body(target.plane.value(on: loop)) }
    return true
  }
}
