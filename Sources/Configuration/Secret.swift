import FoundationEssentials

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
