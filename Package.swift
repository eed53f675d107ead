// swift-tools-version: 6.2
import PackageDescription

// Every target is held to the same rules; a rule that is loosened for one target is loosened for its callers.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// A release is inlined and laid out by how often its paths are taken under load, which config/profile.sh measures
// (decision 0027). Of functions that have changed since, the profile says nothing.
#if compiler(>=6.3)
  let profile = [
    "-Xfrontend",
    Context.environment["A2A_GATEWAY_PROFILE"] == "measure"
      ? "-ir-profile-generate" : "-ir-profile-use=\(Context.packageDirectory)/config/release.profdata",
  ]
#else
  let profile: [String] = []
#endif
let product = strict + [.unsafeFlags(profile, .when(configuration: .release))]

// The data plane is inlined across modules in release builds; without it, generics over bytes run unspecialised.
let dataPlane = product + [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

/// The floors of Sources/Gateway/Gateway.docc/Architecture.md: a target imports only what its row names.
/// `Tests/ArchitectureTests` holds the sources to this table.
let package = Package(
  name: "a2a-gateway",
  products: [
    .executable(name: "a2a-gateway", targets: ["a2a-gateway"]),
    .executable(name: "a2a-gateway-bench", targets: ["a2a-gateway-bench"]),
  ],
  targets: [
    // Floor 0
    .target(name: "CLinux"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "Bytes", swiftSettings: dataPlane),
    // Floor 1
    .target(name: "Crypto", dependencies: ["COpenSSL", "Bytes"], swiftSettings: product),
    .target(name: "JSON", dependencies: ["Bytes"], swiftSettings: dataPlane),
    .target(name: "HTTP", dependencies: ["Bytes"], swiftSettings: dataPlane),
    // Floor 2
    .target(name: "Model", dependencies: ["JSON", "Bytes"], swiftSettings: dataPlane),
    .target(name: "Telemetry", dependencies: ["JSON", "Bytes"], swiftSettings: dataPlane),
    // Not inlined across modules: the state of connections and loops is then seen to be private, and needs no checks.
    .target(
      name: "Network", dependencies: ["CLinux", "COpenSSL", "Bytes", "Crypto", "Telemetry"], swiftSettings: product),
    // Floor 3
    .target(name: "A2A", dependencies: ["Model", "JSON", "HTTP", "Bytes"], swiftSettings: dataPlane),
    .target(name: "Orq", dependencies: ["JSON", "HTTP", "Bytes"], swiftSettings: dataPlane),
    .target(name: "HTTPTransport", dependencies: ["HTTP", "Network", "Bytes", "Telemetry"], swiftSettings: product),
    .target(name: "Configuration", dependencies: ["Model", "JSON", "Bytes"], swiftSettings: product),
    // Floor 4
    .target(
      name: "LocalRuntime",
      dependencies: ["CLinux", "Model", "JSON", "Bytes", "HTTP", "Network", "HTTPTransport", "Telemetry"],
      swiftSettings: product),
    // Floor 5
    .target(
      name: "Gateway",
      dependencies: [
        "Bytes", "Crypto", "JSON", "HTTP", "Model", "Telemetry", "Network", "A2A", "Orq", "HTTPTransport",
        "Configuration", "LocalRuntime",
      ],
      swiftSettings: product),
    // Floor 6
    .executableTarget(
      name: "a2a-gateway", dependencies: ["Gateway", "Configuration", "HTTPTransport", "Telemetry"],
      swiftSettings: product),
    .executableTarget(
      name: "a2a-gateway-bench",
      dependencies: ["Bytes", "JSON", "HTTP", "Model", "Telemetry", "Network", "A2A", "HTTPTransport"],
      swiftSettings: dataPlane),
    // Tests mirror the sources; TestSupport holds what several of them share.
    .target(
      name: "TestSupport", dependencies: ["Bytes", "COpenSSL"], path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "BytesTests", dependencies: ["Bytes", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "CryptoTests", dependencies: ["Crypto", "Bytes", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "Bytes", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "HTTPTests", dependencies: ["HTTP", "Bytes", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "ModelTests", dependencies: ["Model", "JSON", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "TelemetryTests", dependencies: ["Telemetry", "JSON", "Bytes", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "NetworkTests", dependencies: ["Network", "Bytes", "Crypto", "Telemetry", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "A2ATests", dependencies: ["A2A", "Model", "JSON", "HTTP", "Bytes", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "OrqTests", dependencies: ["Orq", "JSON", "HTTP", "Bytes", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "HTTPTransportTests",
      dependencies: ["HTTPTransport", "HTTP", "Network", "Bytes", "Telemetry", "Crypto", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ConfigurationTests", dependencies: ["Configuration", "Model", "JSON", "Bytes", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "LocalRuntimeTests",
      dependencies: [
        "LocalRuntime", "Model", "JSON", "Bytes", "HTTP", "HTTPTransport", "Network", "Telemetry", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "Gateway", "Bytes", "Crypto", "JSON", "HTTP", "Model", "Telemetry", "Network", "A2A", "Orq", "HTTPTransport",
        "Configuration", "LocalRuntime", "TestSupport",
      ], swiftSettings: strict),
    .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: strict),
  ]
)
