import Bytes
public import JSON
import Model

/// The frame of an event that adds plain text to an artifact and is not the last to do so. Streams mostly consist of such
/// events, which differ in their text and their place alone: what stands around these is encoded once, by
/// ``ResponseEncoder``, and kept.
public final class TextFrame: Sendable {
  public let artifactID: String
  /// Before the number of the event.
  private let start: [UInt8]
  /// Between the number and the text.
  private let middle: [UInt8]
  /// Behind the text.
  private let end: [UInt8]

  /// - Parameters:
  ///   - id: of the JSON-RPC request; nil over REST.
  ///   - epoch: of the events' ids.
  public init(
    taskID: String, contextID: String, artifactID: String, dialect: Dialect, id: JSONFragment?, epoch: String
  ) {
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
    start = Array("id: \(epoch).".utf8)
    middle = [0x0A] + one[..<place]
    end = Array(one[(place + 1)...])
  }

  /// The bytes of ``append(_:from:to:)``.
  public func byteCount(_ texts: JSONStrings, from first: Int) -> Int {
    texts.count * (start.count + middle.count + end.count) + texts.byteCount
      + TextFrame.digits(of: first..<first + texts.count)
  }

  /// How many digits the numbers have, all together.
  private static func digits(of numbers: Range<Int>) -> Int {
    var (digits, bound) = (1, 10)
    while bound <= numbers.lowerBound {
      digits += 1
      bound *= 10
    }
    guard bound < numbers.upperBound else { return digits * numbers.count }
    return digits * (bound - numbers.lowerBound) + TextFrame.digits(of: bound..<numbers.upperBound)
  }

  /// Appends a frame for each of these texts.
  ///
  /// - Parameter first: number of the first event's id, not negative.
  public func append(_ texts: JSONStrings, from first: Int, to output: inout OutputSpan<UInt8>) {
    var sequence = first
    texts.forEachEscaped { text in
      output.append(start)
      output.append(decimal: sequence)
      output.append(middle)
      output.append(text)
      output.append(end)
      sequence += 1
    }
  }
}
