import Bytes
public import JSON
import Model

/// The frame of an event that adds plain text to an artifact and is not the last to do so. Streams mostly consist of such
/// events, which differ in their text and their place alone: what stands around these is encoded once, by
/// ``ResponseEncoder``, and kept.
public final class TextFrame: Sendable {
  public let artifactID: String
  private let before: [UInt8]
  private let after: [UInt8]

  /// - Parameter id: of the JSON-RPC request; nil over REST.
  public init(taskID: String, contextID: String, artifactID: String, dialect: Dialect, id: JSONFragment?) {
    func frame(_ text: JSONString) -> [UInt8] {
      let artifact = Artifact(artifactID: artifactID, parts: [Part(.text(text))])
      let update = TaskArtifactUpdate(taskID: taskID, contextID: contextID, artifact: artifact, append: true)
      // Plain text has a place in every dialect: nothing is lost.
      var losses: TranslationLosses = []
      return ResponseEncoder.streamEvent(.artifact(update), final: false, dialect: dialect, id: id, losses: &losses)
    }
    // Two frames that differ in nothing but a text of one byte: where they differ is where the text stands.
    let (one, other) = (frame("a"), frame("b"))
    let place = zip(one, other).prefix { $0 == $1 }.count
    self.artifactID = artifactID
    before = Array(one[..<place])
    after = Array(one[(place + 1)...])
  }

  /// The bytes of ``append(_:_:to:)``.
  public func byteCount(_ text: JSONString, _ eventID: EventID) -> Int {
    eventID.lineByteCount + before.count + text.escaped.count + after.count
  }

  /// Appends the frame with this text.
  public func append(_ text: JSONString, _ eventID: EventID, to output: inout [UInt8]) {
    eventID.appendLine(to: &output)
    output += before
    output += text.escaped
    output += after
  }
}
