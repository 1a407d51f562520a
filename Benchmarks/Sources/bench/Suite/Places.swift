import Foundation

/// Where things are: the package's folder is found from the running program, which lies below it.
struct Places {
  let bench: URL
  let package: URL

  init() throws {
    bench = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    var folder = bench.deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: folder.path + "/peers/build.sh") {
      guard folder.path != "/" else {
        throw UsageError("bench: \(bench.path) is not inside the Benchmarks folder it belongs to")
      }
      folder.deleteLastPathComponent()
    }
    package = folder
  }

  var results: URL { package.appendingPathComponent("results") }

  func peer(_ name: String) -> URL { package.appendingPathComponent(".peers/\(name)") }

  func canRun(_ peer: Peer) -> Bool {
    switch peer.source {
    case .swift: true
    case .program(let name): FileManager.default.isExecutableFile(atPath: self.peer(name).path)
    }
  }
}
