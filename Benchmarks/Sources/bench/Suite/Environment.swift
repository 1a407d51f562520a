import Foundation

/// What was measured, where, and how busy the machine was before.
struct Environment {
  let date: String
  let commit: String?
  let machine: String
  let load: Double?
  /// `nil` for what is not installed.
  let versions: [String: String?]

  init(_ places: Places) {
    date = ISO8601DateFormatter().string(from: Date())
    commit = Self.output("git", ["describe", "--always", "--dirty"], in: places.package)
    machine = Self.describeMachine()
    load = Self.readFile("/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
    var versions: [String: String?] = [
      "swift": Self.swiftVersion(),
      "swift-async-algorithms": Self.resolvedVersion(of: "swift-async-algorithms", places),
      "glibc": Self.output("getconf", ["GNU_LIBC_VERSION"])?
        .split(separator: " ").last.map { String($0) },
    ]
    for program in ["go", "tokio", "async-channel", "rayon", "rust", "cpython", "asyncio"] {
      versions[program] = .some(nil)
    }
    versions.merge(Self.peerVersions(places)) { _, built in built }
    self.versions = versions
  }

  private static func describeMachine() -> String {
    let processor =
      readFile("/proc/cpuinfo")?
      .split(separator: "\n")
      .first { $0.hasPrefix("model name") }
      .flatMap { $0.split(separator: ":").last }?
      .trimmingCharacters(in: .whitespaces)
    let info = ProcessInfo.processInfo
    let memory = (Double(info.physicalMemory) / 1_073_741_824).rounded()
    let kernel = info.operatingSystemVersion
    return "\(processor ?? "unknown processor"), \(info.activeProcessorCount) cores, "
      + "\(Int(memory)) GB, Linux \(kernel.majorVersion).\(kernel.minorVersion)"
  }

  private static func swiftVersion() -> String? {
    output("swift", ["--version"])?
      .firstMatch(of: /Swift version (\S+)/)
      .map { String($0.1) }
  }

  /// `peers/build.sh` notes the version of each peer it builds as a line "name version".
  private static func peerVersions(_ places: Places) -> [String: String?] {
    var versions: [String: String?] = [:]
    for line in readFile(places.peer("versions").path)?.split(separator: "\n") ?? [] {
      let words = line.split(separator: " ", maxSplits: 1)
      if words.count == 2 { versions[String(words[0])] = String(words[1]) }
    }
    return versions
  }

  private static func resolvedVersion(of identity: String, _ places: Places) -> String? {
    struct Resolved: Decodable {
      struct Pin: Decodable {
        struct State: Decodable { let version: String? }
        let identity: String
        let state: State
      }
      let pins: [Pin]
    }
    let file = places.package.appendingPathComponent("Package.resolved")
    let resolved = try? JSONDecoder().decode(Resolved.self, from: Data(contentsOf: file))
    return resolved?.pins.first { $0.identity == identity }?.state.version
  }

  private static func readFile(_ path: String) -> String? {
    try? String(contentsOfFile: path, encoding: .utf8)
  }

  private static func output(
    _ program: String,
    _ arguments: [String],
    in folder: URL? = nil
  ) -> String? {
    let env = URL(fileURLWithPath: "/usr/bin/env")
    return try? Subprocess.run(env, [program] + arguments, in: folder)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
