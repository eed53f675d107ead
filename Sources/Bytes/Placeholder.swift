public struct ByteBuffer: Sendable {
  var storage: [UInt8] = []
  public init() {}
  public mutating func append(_ span: Span<UInt8>) {
    span.withUnsafeBufferPointer { unsafe storage.append(contentsOf: $0) }
  }
  public func withBytes<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try body(storage.span)
  }
  public mutating func append(_ s: StaticString) {
    unsafe storage.append(contentsOf: UnsafeBufferPointer(start: s.utf8Start, count: s.utf8CodeUnitCount))
  }
}
public func word(_ s: RawSpan, _ i: Int) -> UInt64 { unsafe s.unsafeLoadUnaligned(fromByteOffset: i, as: UInt64.self) }
