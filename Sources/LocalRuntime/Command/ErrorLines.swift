/// Cuts what a program writes to standard error into lines for the log: bounded in length and in number, because a
/// program may write without end. No I/O.
struct ErrorLines {
  static let lineBytesMax = 1024
  static let linesMax = 200

  private var open: [UInt8] = []
  private var lines = 0
  /// Lines beyond the bound.
  private(set) var droppedLines = 0

  /// Takes the next bytes and calls `log` with every line that they complete.
  mutating func receive(_ bytes: [UInt8], _ log: (String) -> Void) {
    for byte in bytes {
      if byte == 0x0A {
        end(log)
      } else if open.count < Self.lineBytesMax, lines < Self.linesMax {
        open.append(byte)
      }
    }
  }

  /// There will be no more: an open line is a line too.
  mutating func finish(_ log: (String) -> Void) {
    if !open.isEmpty { end(log) }
  }

  private mutating func end(_ log: (String) -> Void) {
    if lines >= Self.linesMax {
      droppedLines += 1
    } else if !open.isEmpty {
      lines += 1
      log(String(decoding: open, as: UTF8.self))
    }
    open.removeAll(keepingCapacity: true)
  }
}
