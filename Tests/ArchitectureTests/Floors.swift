/// The floors of the architecture, from the ground up. A target imports what its row names, from rows above it.
enum Floors {
  struct Row {
    var floor: Int
    var target: String
    var imports: Set<String>
  }

  static let table: [Row] = [
    Row(floor: 0, target: "CLinux", imports: []),
    Row(floor: 0, target: "COpenSSL", imports: []),
    Row(floor: 0, target: "Bytes", imports: []),
    Row(floor: 1, target: "Crypto", imports: ["COpenSSL", "Bytes"]),
    Row(floor: 1, target: "JSON", imports: ["Bytes"]),
    Row(floor: 1, target: "HTTP", imports: ["Bytes"]),
    Row(floor: 2, target: "Model", imports: ["JSON", "Bytes"]),
    Row(floor: 2, target: "Telemetry", imports: ["JSON", "Bytes"]),
    Row(floor: 2, target: "Network", imports: ["CLinux", "COpenSSL", "Bytes", "Crypto", "Telemetry"]),
    Row(floor: 3, target: "A2A", imports: ["Model", "JSON", "HTTP", "Bytes"]),
    Row(floor: 3, target: "Orq", imports: ["JSON", "HTTP", "Bytes"]),
    Row(floor: 3, target: "HTTPTransport", imports: ["HTTP", "Network", "Bytes", "Telemetry"]),
    Row(floor: 3, target: "Configuration", imports: ["Model", "JSON", "Bytes"]),
    Row(
      floor: 4, target: "LocalRuntime",
      imports: ["CLinux", "Model", "JSON", "Bytes", "HTTP", "Network", "HTTPTransport", "Telemetry"]),
    Row(
      floor: 5, target: "Gateway",
      imports: [
        "Bytes", "Crypto", "JSON", "HTTP", "Model", "Telemetry", "Network", "A2A", "Orq", "HTTPTransport",
        "Configuration", "LocalRuntime",
      ]),
    Row(floor: 6, target: "a2a-gateway", imports: ["Gateway", "Configuration", "HTTPTransport", "Telemetry"]),
    Row(
      floor: 6, target: "a2a-gateway-bench",
      imports: ["Bytes", "JSON", "HTTP", "Model", "Telemetry", "Network", "A2A", "HTTPTransport"]),
  ]

  /// Targets without I/O: no socket, no clock, no thread, no randomness. They are testable with bytes alone.
  static let withoutIO: Set = ["Bytes", "JSON", "HTTP", "Model", "A2A", "Orq"]

  /// What the other targets may import from outside of the package.
  static let system: Set = ["FoundationEssentials", "Glibc", "Dispatch", "Synchronization"]

  /// Measures the product and is no part of it: it may use all of Foundation, whose Unicode tables the product does
  /// without.
  static let bench = "a2a-gateway-bench"

  static func row(_ target: String) -> Row? { table.first { $0.target == target } }
}
