import Foundation

/// Results on standard output, everything else on standard error.
enum Console {
  static func print(_ text: String) { write(text, to: .standardOutput) }

  static func note(_ text: String) { write(text, to: .standardError) }

  private static func write(_ text: String, to handle: FileHandle) {
    // A closed pipe (`… | head`) ends the output, not the measurement.
    try? handle.write(contentsOf: Data((text + "\n").utf8))
  }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  func aligned(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
