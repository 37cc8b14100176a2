// swift-tools-version: 6.3
import PackageDescription

/// What every target of ours is compiled with: Swift 6 rules, and a warning is an error.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// One room of the house (docs/architecture.md). The arrows drawn here are held to the design by HouseRulesTests.
func room(_ name: String, knows dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, knows dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: house)
}

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "reprise",
    products: [
        .executable(name: "reprise", targets: ["RepriseCommand"]),
        .library(name: "Reprise", targets: ["Reprise", "Resumption", "TLS", "Vocabulary"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibEvent", pkgConfig: "libevent_pthreads", providers: [.apt(["libevent-dev"])]),

        room("Vocabulary", knows: []),
        room("EventLoop", knows: ["CLibEvent", "Vocabulary"]),
        room("TLS", knows: ["CLibSSL", "Vocabulary"]),
        room("Metrics", knows: ["Vocabulary", logging]),
        room("Configuration", knows: ["Vocabulary", yams]),
        room("Resumption", knows: ["TLS", "Metrics", "Vocabulary"]),
        room("Routing", knows: ["Vocabulary"]),
        room("Proxy", knows: ["EventLoop", "TLS", "Metrics", "Resumption", "Routing", "Vocabulary", logging]),
        room("Admin", knows: ["EventLoop", "Metrics", "Vocabulary"]),
        room(
            "Reprise",
            knows: [
                "Admin", "Proxy", "Routing", "Resumption", "Configuration", "Metrics", "TLS", "EventLoop", "Vocabulary",
                logging,
            ]),
        .target(name: "CProcess"),
        .executableTarget(
            name: "RepriseCommand", dependencies: ["Reprise", "CProcess", arguments], swiftSettings: house),

        .executableTarget(
            name: "StoreBenchmark", dependencies: ["Resumption", "Vocabulary"], path: "Benchmarks/Store",
            swiftSettings: house),
        .executableTarget(
            name: "HandshakeBenchmark", dependencies: ["CLibSSL", "Resumption", "TLS", "TestSupport", "Vocabulary"],
            path: "Benchmarks/Handshakes", swiftSettings: house),

        .target(
            name: "TestSupport", dependencies: ["CLibSSL", "TLS", "Resumption", "EventLoop", "Vocabulary"],
            path: "Tests/TestSupport",
            swiftSettings: house),
        tests("ContractTests", knows: ["CLibSSL"]),
        tests("VocabularyTests", knows: ["Vocabulary"]),
        tests("EventLoopTests", knows: ["EventLoop", "Vocabulary", "TestSupport"]),
        tests("TLSTests", knows: ["TLS", "Resumption", "Vocabulary", "TestSupport"]),
        tests("MetricsTests", knows: ["Metrics", "Vocabulary", "TestSupport", logging]),
        tests("ConfigurationTests", knows: ["Configuration", "Vocabulary", "TestSupport"]),
        tests("ResumptionTests", knows: ["CLibSSL", "Resumption", "TLS", "Metrics", "Vocabulary", "TestSupport"]),
        tests("RoutingTests", knows: ["Routing", "Vocabulary"]),
        tests(
            "ProxyTests",
            knows: [
                "Proxy", "TLS", "Resumption", "EventLoop", "Metrics", "Routing", "Vocabulary", "TestSupport", logging,
            ]),
        tests("AdminTests", knows: ["Admin", "EventLoop", "Metrics", "Vocabulary", "TestSupport"]),
        tests(
            "RepriseTests",
            knows: [
                "Reprise", "Configuration", "Resumption", "TLS", "Metrics", "EventLoop", "Vocabulary", "TestSupport",
            ]),
        tests(
            "IntegrationTests",
            knows: [
                "Proxy", "TLS", "Resumption", "EventLoop", "Metrics", "Routing", "Vocabulary", "TestSupport", logging,
            ]),
        tests("HouseRulesTests", knows: ["TestSupport"]),
    ]
)
