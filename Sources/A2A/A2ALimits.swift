/// What one request may hold beyond the bounds of its JSON. A caller that exceeds one gets InvalidParams with the path
/// of the field. All counts of bytes are of UTF-8.
public enum A2ALimits {
  public static let partsMax = 256
  public static let extensionsMax = 64
  public static let referenceTaskIDsMax = 64
  public static let outputModesMax = 64
  public static let identifierBytesMax = 256
  /// A caller's own context id is 1 to this many visible ASCII characters.
  public static let contextIDBytesMax = 128
  public static let mediaTypeBytesMax = 256
  public static let filenameBytesMax = 1024
  public static let uriBytesMax = 8192
  public static let pageTokenBytesMax = 1024
  /// Token and credentials of a push configuration.
  public static let secretBytesMax = 8192
  public static let methodBytesMax = 128
  /// The `id` of a JSON-RPC request, which is echoed in every event of a stream.
  public static let requestIDBytesMax = 1024
  /// Faults listed in one refusal; the rest are not reported.
  public static let faultsMax = 32
  /// The largest history that can be asked for; more is the same as all.
  public static let historyLengthMax = Int(Int32.max)
}
