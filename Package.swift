// swift-tools-version: 6.2
import PackageDescription

// The dependency-free toolkit. Applications and benchmarks are packages of their own, so that whoever
// imports the toolkit builds the toolkit alone.
let package = Package(
  name: "bakery",
  products: [
    .library(name: "Bakery", targets: ["Bakery"]),
    .library(name: "BakeryTesting", targets: ["BakeryTesting"]),
  ],
  targets: [
    .target(name: "CBakeryCore"),
    .target(name: "Bakery", dependencies: ["CBakeryCore"]),
    .target(name: "CBakeryRuntime"),
    .target(name: "BakeryTesting", dependencies: ["Bakery", "CBakeryRuntime"]),
    .testTarget(name: "BakeryTests", dependencies: ["Bakery", "BakeryTesting"]),
    .testTarget(
      name: "BakeryTestingTests",
      dependencies: ["Bakery", "BakeryTesting", "CBakeryRuntime"]
    ),
    .testTarget(name: "BakeryTestingXCTests", dependencies: ["BakeryTesting"]),
    .testTarget(name: "TidyTests"),
  ]
)

for target in package.targets where target.type != .plugin {
  guard !["CBakeryCore", "CBakeryRuntime"].contains(target.name) else { continue }
  var settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ]
  if Context.environment["CI"] != nil { settings.append(.treatAllWarnings(as: .error)) }
  target.swiftSettings = settings
}

// The documentation plugin is fetched only when documentation is built.
if Context.environment["DOCS"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0")
  )
}
