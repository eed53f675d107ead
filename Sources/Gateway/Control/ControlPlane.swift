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

  /// Makes a new signing key and signs all cards anew; `done` is called on this loop once every loop serves them, with the
  /// keys or with what is in the way.
  func rotateKeys(_ services: GatewayServices, _ done: @escaping (Result<SigningKeys, StartError>) -> Void) {
    guard let state, let keys = services.keys else {
      let reason = StartError("this gateway signs no cards: it has no state folder, or signatures.sign is off")
      return loop.later { done(.failure(reason)) }
    }
    state.perform(
      { state in Result { try keys.rotate(in: state) }.mapError { StartError("\($0)") } },
      then: loop.expect { [self] (result: Result<SigningKeys, StartError>) in
        guard case .success(let new) = result else { return done(result) }
        catalogue.transform(
          { $0.signed(by: new, publicURLs: services.publicURLs) }, published: loop.expect { done(.success(new)) })
      })
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
