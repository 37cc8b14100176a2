// swift-tools-version: 6.3
import PackageDescription

// A Reprise with a router of its own: `swift run Tenants reprise.yaml`. Elsewhere the dependency has an address:
// .package(url: "https://…/reprise", from: "0.1.0").
let package = Package(
    name: "tenants",
    dependencies: [.package(name: "reprise", path: "../../..")],
    targets: [
        .executableTarget(name: "Tenants", dependencies: [.product(name: "Reprise", package: "reprise")])
    ])
