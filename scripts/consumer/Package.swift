// swift-tools-version: 6.0
import PackageDescription

// What the smallest user of the toolkit writes. `name:` keeps the package's identity whatever its
// folder is called.
let package = Package(
  name: "consumer",
  dependencies: [.package(name: "bakery", path: "../some-other-name")],
  targets: [
    .executableTarget(
      name: "consumer",
      dependencies: [.product(name: "Bakery", package: "bakery")],
      path: "Sources/Consumer"
    )
  ]
)
