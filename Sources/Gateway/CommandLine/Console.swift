internal import Glibc

/// What a command says: results on standard output, everything else on standard error.
struct Console {
  func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// Without a line end, shown at once.
  func printFragment(_ text: String) { write(text, to: STDOUT_FILENO) }

  func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

  private func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      // The pointer is that of the slice, for the time of the call.
      let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      // A closed pipe (`… | head`) ends the output, not the command.
      guard written > 0 || errno == EINTR else { return }
      rest = rest.dropFirst(max(0, written))
    }
  }
}

/// The exit codes of every command.
public enum ExitCode: Int32, Sendable {
  case ok = 0
  case failed = 1
  case usage = 2
  case configurationInvalid = 3
  case remoteUnreachable = 4
  case checkFailed = 5
}
