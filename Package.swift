// swift-tools-version: 6.3
import PackageDescription

/// What every target of ours is compiled with: Swift 6 rules, and a warning is an error.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// One module (docs/architecture.md). The arrows drawn here are held to the design by SourceRulesTests.
///
/// Its folder is its name without the prefix that makes the name unique in whatever graph of packages it ends up in.
///
/// - Parameter importsC: it calls C, where memory is what C takes it for. Elsewhere each use of unsafe memory says so.
func module(_ name: String, knows dependencies: [Target.Dependency], importsC: Bool = false) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(name == "Reprise" ? name : String(name.dropFirst(7)))",
        swiftSettings: importsC ? settings : settings + [.strictMemorySafety()])
}

func tests(_ name: String, knows dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram: Target.Dependency = .product(name: "Histogram", package: "hdrhistogram-swift")

/// Makes the reference of the public modules (`make docc`). It is no dependency of whoever builds or embeds Reprise.
let plugins: [Package.Dependency] =
    Context.environment["REPRISE_DOCS"] == "1"
    ? [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0")] : []

let package = Package(
    name: "reprise",
    products: [
        .executable(name: "reprise", targets: ["RepriseCommand"]),
        .library(
            name: "Reprise",
            targets: ["Reprise", "RepriseResumption", "RepriseRouting", "RepriseTLS", "RepriseVocabulary"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ] + plugins,
    targets: [
        .systemLibrary(
            name: "CRepriseOpenSSL", path: "Sources/CLibSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CRepriseEvent", path: "Sources/CLibEvent", pkgConfig: "libevent_pthreads",
            providers: [.apt(["libevent-dev"])]),

        // Behind a header of its own: c-ares' would bring libc's socket headers into the module.
        .target(name: "CRepriseCares", path: "Sources/CCares", linkerSettings: [.linkedLibrary("cares")]),

        // Likewise: struct timespec is Glibc's alone.
        .target(name: "CRepriseTimer", path: "Sources/CTimer"),

        // What libcrypto lets a program bring: memory, and primitives as a provider.
        .target(name: "CReprisePrimitives", dependencies: ["CRepriseOpenSSL"], path: "Sources/CPrimitives"),

        .systemLibrary(name: "CRepriseRouter", path: "Sources/CRouter"),

        module("RepriseVocabulary", knows: [], importsC: true),
        module(
            "RepriseEventLoop", knows: ["CRepriseCares", "CRepriseEvent", "CRepriseTimer", "RepriseVocabulary"],
            importsC: true),
        module("RepriseTLS", knows: ["CRepriseOpenSSL", "CReprisePrimitives", "RepriseVocabulary"], importsC: true),
        module("RepriseMetrics", knows: ["RepriseVocabulary", logging], importsC: true),
        module("RepriseConfiguration", knows: ["RepriseVocabulary", yams]),
        module("RepriseResumption", knows: ["RepriseTLS", "RepriseMetrics", "RepriseVocabulary"], importsC: true),
        module("RepriseRouting", knows: ["RepriseResumption", "RepriseVocabulary"]),
        module(
            "RepriseProxy",
            knows: [
                "RepriseEventLoop", "RepriseTLS", "RepriseMetrics", "RepriseResumption", "RepriseRouting",
                "RepriseVocabulary", logging,
            ], importsC: true),
        module("RepriseAdmin", knows: ["RepriseEventLoop", "RepriseMetrics", "RepriseVocabulary"]),
        module(
            "Reprise",
            knows: [
                "CRepriseRouter", "RepriseAdmin", "RepriseProxy", "RepriseRouting", "RepriseResumption",
                "RepriseConfiguration",
                "RepriseMetrics", "RepriseTLS", "RepriseEventLoop", "RepriseVocabulary",
                logging,
            ], importsC: true),
        module(
            "RepriseLoad", knows: ["RepriseEventLoop", "RepriseTLS", "RepriseVocabulary", histogram, yams],
            importsC: true),
        .target(name: "CRepriseProcess", path: "Sources/CProcess"),
        .executableTarget(
            name: "RepriseCommand", dependencies: ["Reprise", "RepriseLoad", "CRepriseProcess", arguments],
            swiftSettings: settings),

        .executableTarget(
            name: "RepriseStoreBenchmark", dependencies: ["RepriseResumption", "RepriseVocabulary"],
            path: "Benchmarks/Store",
            swiftSettings: settings),
        .executableTarget(
            name: "RepriseRoutingBenchmark",
            dependencies: ["RepriseRouting", "RepriseResumption", "RepriseVocabulary"],
            path: "Benchmarks/Routing", swiftSettings: settings),
        .executableTarget(
            name: "RepriseLoadBenchmark", dependencies: ["RepriseLoad", "RepriseTLS", "RepriseVocabulary"],
            path: "Benchmarks/Load", swiftSettings: settings),
        .executableTarget(
            name: "RepriseAffinityBenchmark", dependencies: ["RepriseTestSupport", "RepriseVocabulary"],
            path: "Benchmarks/Affinity", swiftSettings: settings),
        .executableTarget(
            name: "RepriseHandshakeBenchmark",
            dependencies: [
                "CRepriseOpenSSL", "RepriseProxy", "RepriseResumption", "RepriseTLS", "RepriseTestSupport",
                "RepriseVocabulary",
            ],
            path: "Benchmarks/Handshakes", swiftSettings: settings),

        .target(
            name: "RepriseTestSupport",
            dependencies: [
                "CRepriseOpenSSL", "RepriseTLS", "RepriseResumption", "RepriseRouting", "RepriseEventLoop",
                "RepriseVocabulary",
            ],
            path: "Tests/TestSupport",
            swiftSettings: settings),
        tests("ContractTests", knows: ["CRepriseOpenSSL", "RepriseTestSupport"]),
        tests("VocabularyTests", knows: ["RepriseVocabulary"]),
        tests("EventLoopTests", knows: ["RepriseEventLoop", "RepriseVocabulary", "RepriseTestSupport"]),
        tests(
            "TLSTests",
            knows: [
                "CRepriseOpenSSL", "CReprisePrimitives", "RepriseTLS", "RepriseResumption", "RepriseVocabulary",
                "RepriseTestSupport",
            ]),
        tests("MetricsTests", knows: ["RepriseMetrics", "RepriseVocabulary", "RepriseTestSupport", logging]),
        tests("ConfigurationTests", knows: ["RepriseConfiguration", "RepriseVocabulary", "RepriseTestSupport"]),
        tests(
            "ResumptionTests",
            knows: [
                "CRepriseOpenSSL", "RepriseResumption", "RepriseTLS", "RepriseMetrics", "RepriseVocabulary",
                "RepriseTestSupport",
            ]),
        tests(
            "LoadTests",
            knows: [
                "RepriseLoad", "RepriseTLS", "RepriseResumption", "RepriseEventLoop", "RepriseVocabulary",
                "RepriseTestSupport",
            ]),
        tests("RoutingTests", knows: ["RepriseRouting", "RepriseVocabulary", "RepriseTestSupport"]),
        tests(
            "ProxyTests",
            knows: [
                "RepriseProxy", "RepriseTLS", "RepriseResumption", "RepriseEventLoop", "RepriseMetrics",
                "RepriseRouting", "RepriseVocabulary", "RepriseTestSupport", logging,
            ]),
        tests(
            "AdminTests",
            knows: ["RepriseAdmin", "RepriseEventLoop", "RepriseMetrics", "RepriseVocabulary", "RepriseTestSupport"]),
        tests(
            "RepriseTests",
            knows: [
                "Reprise", "RepriseConfiguration", "RepriseResumption", "RepriseRouting", "RepriseTLS",
                "RepriseMetrics", "RepriseEventLoop", "RepriseVocabulary", "RepriseTestSupport", logging,
            ]),
        tests(
            "IntegrationTests",
            knows: [
                "RepriseProxy", "RepriseTLS", "RepriseResumption", "RepriseEventLoop", "RepriseMetrics",
                "RepriseRouting", "RepriseVocabulary", "RepriseTestSupport", logging,
            ]),
        tests("SourceRulesTests", knows: ["RepriseTestSupport"]),
    ]
)
