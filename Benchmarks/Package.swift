// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that every figure is measured as a user of the toolkit would get it:
// from another package, in release mode, with no access to the toolkit's insides.
let package = Package(
  name: "benchmarks",
  dependencies: [
    .package(name: "bakery", path: ".."),
    .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
  ],
  targets: [
    .executableTarget(
      name: "bench",
      dependencies: [
        .product(name: "Bakery", package: "bakery"),
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
      ]
    ),
    // Apart from the others: BakeryTesting replaces the executors of the process that links it.
    .executableTarget(
      name: "explorations",
      dependencies: [
        .product(name: "Bakery", package: "bakery"),
        .product(name: "BakeryTesting", package: "bakery"),
      ]
    ),
    .executableTarget(
      name: "counts",
      dependencies: [.product(name: "Bakery", package: "bakery")]
    ),
  ]
)

for target in package.targets {
  var settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ]
  if Context.environment["CI"] != nil { settings.append(.treatAllWarnings(as: .error)) }
  target.swiftSettings = settings
}
