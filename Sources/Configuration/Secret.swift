import Foundation

/// Where a secret is found. The secret itself never stands in a configuration file, so that such files can be shared.
public enum Secret: Sendable, Hashable {
  /// `{"env": "NAME"}`: a variable of the gateway's environment.
  case environment(String)
  /// `{"file": "path"}`: a file; line ends at its end do not count.
  case file(String)

  /// Bytes of a secret at most.
  public static let bytesMax = 1_048_576

  /// The secret. The error says what is missing, and never a part of the secret.
  ///
  /// - Parameter environment: nil is the environment of this process.
  public func read(environment: [String: String]? = nil) throws(SecretError) -> [UInt8] {
    switch self {
    case .environment(let name):
      guard let value = (environment ?? ProcessInfo.processInfo.environment)[name], !value.isEmpty else {
        throw SecretError(message: "the environment variable \(name) is not set")
      }
      return Array(value.utf8)
    case .file(let path):
      var bytes: [UInt8]
      do {
        bytes = try BoundedFile.read(path, bytesMax: Self.bytesMax)
      } catch {
        throw SecretError(message: "\(path): \(error.message)")
      }
      while bytes.last == 0x0A || bytes.last == 0x0D { bytes.removeLast() }
      if bytes.isEmpty { throw SecretError(message: "\(path) is empty") }
      return bytes
    }
  }
}

/// A value that may be written down, or is secret.
public enum TextOrSecret: Sendable, Equatable {
  case text(String)
  case secret(Secret)

  public func read() throws(SecretError) -> String {
    switch self {
    case .text(let text): text
    case .secret(let secret): String(decoding: try secret.read(), as: UTF8.self)
    }
  }
}

/// Why a secret could not be read.
public struct SecretError: Error, Sendable, Equatable {
  public var message: String
}

/// Reads whole files that an operator named, up to a bound.
enum BoundedFile {
  struct Failure: Error {
    /// What is wrong, without the path.
    let message: String
  }

  static func read(_ path: String, bytesMax: Int) throws(Failure) -> [UInt8] {
    var isFolder: ObjCBool = false
    // The pointer is a local, used only during the call.
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Failure(message: "no such file")
    }
    guard !isFolder.boolValue else { throw Failure(message: "is a folder, not a file") }
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw Failure(message: "cannot be opened; check its permissions")
    }
    defer { try? handle.close() }
    let data: Data
    do {
      data = try handle.read(upToCount: bytesMax + 1) ?? Data()
    } catch {
      throw Failure(message: "cannot be read")
    }
    guard data.count <= bytesMax else { throw Failure(message: "is larger than \(Quantity.text(bytes: bytesMax))") }
    return [UInt8](data)
  }
}
