// swift-tools-version: 6.3
import PackageDescription

// A program with a Reprise inside: `swift run Visits reprise.yaml`. Elsewhere the dependency has an address:
// .package(url: "https://…/reprise", from: "0.1.0").
let package = Package(
    name: "visits",
    dependencies: [.package(name: "reprise", path: "../../..")],
    targets: [
        .executableTarget(name: "Visits", dependencies: [.product(name: "Reprise", package: "reprise")])
    ])
