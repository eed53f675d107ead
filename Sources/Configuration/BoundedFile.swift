import Glibc

/// Reads whole files that an operator named, up to a bound.
public enum BoundedFile {
  public struct Failure: Error, Sendable {
    /// What is wrong, without the path.
    public let message: String
  }

  /// - Parameter bytesMax: a larger file is refused.
  public static func read(_ path: String, bytesMax: Int) throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Failure(
        message: errno == ENOENT ? "no such file" : "cannot be opened; check its permissions")
    }
    defer { _ = close(descriptor) }
    return try read(descriptor: descriptor, bytesMax: bytesMax)
  }

  /// Reads a descriptor to its end.
  public static func read(descriptor: Int32, bytesMax: Int) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      var failure: Int32 = 0
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
        // The buffer is as large as its count says, and read initialises as many bytes as it returns.
        let result = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        failure = result < 0 ? errno : 0
        count = max(0, result)
      }
      if failure == EINTR { continue }
      guard failure == 0 else {
        throw Failure(message: failure == EISDIR ? "is a folder, not a file" : "cannot be read")
      }
      if piece.isEmpty { return bytes }
      bytes += piece
      guard bytes.count <= bytesMax else { throw Failure(message: "is larger than \(Quantity.text(bytes: bytesMax))") }
    }
  }
}
