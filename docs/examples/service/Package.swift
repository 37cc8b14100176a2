// swift-tools-version: 6.3
import PackageDescription

// A web application with TLS before it, in one process: `CERTIFICATE=a.pem KEY=a.key swift run Service`. Elsewhere the
// dependency has an address: .package(url: "https://…/reprise", from: "0.1.0").
let package = Package(
    name: "service",
    dependencies: [
        .package(name: "reprise", path: "../../.."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.0.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
    ],
    targets: [
        .executableTarget(
            name: "Service",
            dependencies: [
                .product(name: "Reprise", package: "reprise"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Metrics", package: "swift-metrics"),
            ])
    ])
