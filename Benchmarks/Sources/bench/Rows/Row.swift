/// One workload, with every side that can run it.
struct Row: Sendable {
  /// Measurements run off the main actor, where a program's real work runs.
  typealias Body = @concurrent @Sendable () async throws -> Figure

  let name: String
  let unit: String
  /// `nil` while the toolkit has no public way to run the workload.
  let ours: Body?
  let peers: [Peer]

  init(_ name: String, unit: String, ours: Body?, peers: [Peer]) {
    self.name = name
    self.unit = unit
    self.ours = ours
    self.peers = peers
  }

  /// The sides this program itself can run.
  var swiftSides: [String: Body] {
    var sides: [String: Body] = [:]
    for peer in peers {
      if case .swift(let body) = peer.source { sides[peer.name] = body }
    }
    sides[Side.ours] = ours
    return sides
  }
}

/// A side that is not ours.
struct Peer: Sendable {
  enum Source: Sendable {
    /// This program runs it.
    case swift(Row.Body)
    /// A program in `.peers`, built by `peers/build.sh`, runs it.
    case program(String)
  }

  let name: String
  let source: Source

  static let go = Peer(name: "go", source: .program("go"))
  static let tokio = Peer(name: "tokio", source: .program("tokio"))
  /// Tokio has no channel with many consumers; its users take this crate, on Tokio's runtime.
  static let asyncChannel = Peer(name: "async-channel", source: .program("async-channel"))
  /// Rust's own lock, which the Tokio program carries so that there is one Rust program to build.
  static let rustStandardLibrary = Peer(name: "rust-std", source: .program("tokio"))

  static let rayon = Peer(name: "rayon", source: .program("rayon"))
  static let cpythonThreads = Peer(name: "cpython-threads", source: .program("cpython-threads"))
  static let cpythonProcesses = Peer(
    name: "cpython-processes",
    source: .program("cpython-processes")
  )

  /// Python's own event loop, the interpreter that the machine has.
  static let asyncio = Peer(name: "asyncio", source: .program("asyncio"))

  static func standardLibrary(_ body: @escaping Row.Body) -> Peer {
    Peer(name: "swift-stdlib", source: .swift(body))
  }

  static func asyncAlgorithms(_ body: @escaping Row.Body) -> Peer {
    Peer(name: "async-algorithms", source: .swift(body))
  }

  /// Our own side without the thing that the row is about.
  static func without(_ thing: String, _ body: @escaping Row.Body) -> Peer {
    Peer(name: "no \(thing)", source: .swift(body))
  }

  static func floor(_ body: @escaping Row.Body) -> Peer {
    Peer(name: "floor", source: .swift(body))
  }
}

enum Side {
  static let ours = "bakery"
  /// A kernel on one processor, and in as many processes as there are processors.
  static let serial = "serial"
  static let ceiling = "ceiling"
}

/// Rows that are measured and published together.
struct Suite: Sendable {
  let name: String
  let rows: [Row]

  static func named(_ name: String) -> Suite? { all.first { $0.name == name } }

  static func row(named name: String) -> Row? {
    all.lazy.flatMap(\.rows).first { $0.name == name }
  }

  /// Every peer of the suite once, in order of appearance.
  var peerNames: [String] {
    var names: [String] = []
    for peer in rows.flatMap(\.peers) where !names.contains(peer.name) { names.append(peer.name) }
    return names
  }
}
