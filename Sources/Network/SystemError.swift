import Glibc

/// A system call that failed: which one, and why.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The call, for example `accept4`.
  public let call: StaticString
  /// The `errno` that it left.
  public let errno: Int32

  public init(call: StaticString, errno: Int32) {
    self.call = call
    self.errno = errno
  }

  /// The error that `call` has just left in the thread's `errno`.
  static func last(_ call: StaticString) -> SystemError { SystemError(call: call, errno: Glibc.errno) }

  /// For example `accept4: Too many open files (errno 24)`.
  public var description: String { "\(call): \(reason) (errno \(errno))" }

  /// The system's words for the error, without call or number.
  public var reason: String {
    var text = [CChar](repeating: 0, count: 128)
    // The text is cut to the array's size, including the zero that ends it.
    guard unsafe strerror_r(errno, &text, text.count) == 0 else { return "unknown error" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  public static func == (a: SystemError, b: SystemError) -> Bool {
    a.errno == b.errno && a.call.description == b.call.description
  }
}
