import COpenSSL

/// OpenSSL's queue of errors of the calling thread.
enum OpenSSLErrors {
  /// Forgets what earlier calls left, so that the next report is about the next call.
  static func clear() { ERR_clear_error() }

  /// Takes all errors off the queue, as one text: the first one is what went wrong, the rest where it was noticed.
  static func take() -> String {
    var reasons: [String] = []
    while true {
      let code = ERR_get_error()
      guard code != 0 else { break }
      // The text is static in OpenSSL.
      let reason = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) } ?? "error \(code)"
      if !reasons.contains(reason) { reasons.append(reason) }
    }
    return reasons.isEmpty ? "unknown error" : reasons.joined(separator: "; ")
  }

  /// Whether the newest error says that the peer closed the connection without announcing it (close_notify).
  static var isUnexpectedEnd: Bool { ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING }
}
