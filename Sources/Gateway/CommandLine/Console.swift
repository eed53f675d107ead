internal import Foundation

/// What a command says: results on standard output, everything else on standard error.
struct Console {
  func print(_ text: String) { write(text + "\n", to: FileHandle.standardOutput) }

  /// Without a line end, shown at once.
  func printFragment(_ text: String) { write(text, to: FileHandle.standardOutput) }

  func error(_ text: String) { write(text + "\n", to: FileHandle.standardError) }

  private func write(_ text: String, to handle: FileHandle) {
    // A closed pipe (`… | head`) ends the output, not the command.
    try? handle.write(contentsOf: Data(text.utf8))
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
