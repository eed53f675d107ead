import Bytes

/// The place of an event in a task's journal, as a stream names it and its reader may send it back (`Last-Event-ID`):
/// `epoch.sequence`.
public struct EventID: Sendable, Equatable {
  /// Of the process that numbers the events; without line ends.
  public let epoch: String
  public let sequence: Int

  public init(epoch: String, sequence: Int) {
    self.epoch = epoch
    self.sequence = sequence
  }

  /// Appends the line of a server-sent event that names it.
  func appendLine(to output: inout [UInt8]) {
    output.append("id: ")
    output.append(utf8: epoch)
    output.append(UInt8(ascii: "."))
    output.append(decimal: sequence)
    output.append(UInt8(ascii: "\n"))
  }
}
