import COpenSSL
import Synchronization

/// A TLS client's trust and identity, ready for use by all loops, with the sessions that servers have offered to resume.
// @unchecked: SSL_CTX is reference counted and safe to share between threads once it is set up, and it is set up
// before `init` returns; the sessions lie behind a lock.
public final class TLSClientContext: @unchecked Sendable {
  public let configuration: TLSClientConfiguration
  private let context: OpenSSLContext
  private let sessions = SessionCache()

  public init(_ configuration: TLSClientConfiguration = TLSClientConfiguration()) throws(TLSError) {
    self.configuration = configuration
    context = try unsafe OpenSSLContext(TLS_client_method())
    try context.configure(minimumVersion: configuration.minimumVersion)
    if configuration.authorities.isEmpty {
      unsafe SSL_CTX_set_default_verify_paths(context.pointer)
    } else {
      try context.trust(configuration.authorities, "the CA file", announcing: false)
    }
    if !configuration.certificateChain.isEmpty {
      try context.use(chain: configuration.certificateChain, key: configuration.certificateKey)
    }
    // The list is copied.
    unsafe SSL_CTX_set_alpn_protos(context.pointer, ALPN.http11, UInt32(ALPN.http11.count))
    unsafe copenssl_enable_client_sessions(context.pointer)
    unsafe SSL_CTX_sess_set_new_cb(context.pointer) { ssl, session in unsafe SessionCache.offered(ssl, session) }
  }

  /// The client's side of a new connection to `host` (a name, or the text of an IP address), whose certificate must be
  /// for it.
  public func makeSession(host: String, port: UInt16) throws(TLSError) -> TLSSession {
    let session = try TLSSession(
      context, keeping: self, role: .client(host: host, verifies: configuration.verifiesServer))
    session.resume(SessionCache.Entry(cache: sessions, key: "\(host):\(port)"))
    return session
  }
}

/// Sessions to resume, by server. Those of TLS 1.3 are used once (RFC 8446 §C.4), so that nobody can tell by them that two
/// connections are of one client.
// @unchecked: the pointers lie behind the lock, and OpenSSL's sessions are reference counted and not changed here.
final class SessionCache: @unchecked Sendable {
  /// Where one connection's session comes from and goes to.
  final class Entry {
    let cache: SessionCache
    let key: String

    init(cache: SessionCache, key: String) {
      self.cache = cache
      self.key = key
    }
  }

  private static let sessionsMax = 256

  private let sessions = Mutex<[String: Session]>([:])

  /// One reference to a session of OpenSSL.
  // @unchecked: the object behind the pointer counts its references atomically.
  @safe final class Session: @unchecked Sendable {
    let pointer: OpaquePointer

    init(taking pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe SSL_SESSION_free(pointer) }

    var isReusable: Bool { unsafe SSL_SESSION_get_protocol_version(pointer) < TLS1_3_VERSION }
  }

  func take(_ key: String) -> Session? {
    sessions.withLock { sessions in
      guard let session = sessions[key] else { return nil }
      if !session.isReusable { sessions[key] = nil }
      return session
    }
  }

  private func keep(_ key: String, _ session: Session) {
    sessions.withLock { sessions in
      if sessions.count >= SessionCache.sessionsMax, sessions[key] == nil, let old = sessions.keys.first {
        sessions[old] = nil
      }
      sessions[key] = session
    }
  }

  /// OpenSSL's call when a server has offered a session; 1 says that the reference is taken over.
  static func offered(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
    guard let session = unsafe session, let data = unsafe SSL_get_ex_data(ssl, 0) else { return 0 }
    // Set by `TLSSession.resume` to an entry that the session keeps for as long as its SSL lives.
    let entry = unsafe Unmanaged<Entry>.fromOpaque(data).takeUnretainedValue()
    entry.cache.keep(entry.key, unsafe Session(taking: session))
    return 1
  }
}
