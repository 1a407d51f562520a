// swift-tools-version: 6.2
import PackageDescription

// The programs on the toolkit, in a package of their own: whoever imports the toolkit gets none of
// their dependencies.
let toolkit: Target.Dependency = .product(name: "Bakery", package: "bakery")
let testing: Target.Dependency = .product(name: "BakeryTesting", package: "bakery")

let package = Package(
  name: "applications",
  products: [
    .executable(name: "bakery", targets: ["BakeryCommand"])
  ],
  dependencies: [
    .package(name: "bakery", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CXML",
      pkgConfig: "libxml-2.0",
      providers: [.apt(["libxml2-dev"])]
    ),
    .systemLibrary(
      name: "CIDN",
      pkgConfig: "libidn2",
      providers: [.apt(["libidn2-dev"])]
    ),
    .systemLibrary(
      name: "CXXHash",
      pkgConfig: "libxxhash",
      providers: [.apt(["libxxhash-dev"])]
    ),
    .systemLibrary(name: "CMalloc"),
    .target(name: "CPages"),
    .systemLibrary(
      name: "CZlib",
      pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"])]
    ),
    .target(
      name: "HTTPServer",
      dependencies: [
        toolkit,
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]
    ),
    .target(name: "SampleSite", dependencies: [toolkit, "HTTPServer"]),
    .target(
      name: "Scraper",
      dependencies: [
        toolkit, "CXML", "CIDN", "CXXHash", "CPages", "CZlib",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Yams", package: "Yams"),
      ]
    ),
    .executableTarget(
      name: "BakeryCommand",
      dependencies: [
        toolkit, "CMalloc", "HTTPServer", "SampleSite", "Scraper",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]
    ),
    .testTarget(
      name: "BakeryCommandTests",
      dependencies: [
        toolkit, "BakeryCommand", "HTTPServer", "SampleSite",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ]
    ),
    .testTarget(
      name: "HTTPServerTests",
      dependencies: [
        toolkit, testing, "HTTPServer",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ]
    ),
    .testTarget(
      name: "SampleSiteTests",
      dependencies: [toolkit, testing, "HTTPServer", "SampleSite"]
    ),
    .testTarget(
      name: "ScraperTests",
      dependencies: [
        toolkit, testing, "HTTPServer", "SampleSite", "Scraper", "CPages",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]
    ),
  ]
)

for target in package.targets {
  guard target.type != .system, target.name != "CPages" else { continue }
  var settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ]
  if Context.environment["CI"] != nil { settings.append(.treatAllWarnings(as: .error)) }
  target.swiftSettings = settings
}
