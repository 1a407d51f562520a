import Foundation

/// The published form of a suite's figures: `results/SUITE.json`.
struct Report: Encodable {
  let suite: String
  let date: String
  let commit: String?
  let command: String
  let machine: String
  let load: Double?
  let versions: [String: String?]
  let rows: [ReportRow]

  init(options: SuiteOptions, environment: Environment, samples: [RowSamples]) {
    suite = options.suite.name
    date = environment.date
    commit = environment.commit
    command = options.command
    machine = environment.machine
    load = environment.load
    versions = environment.versions
    let names = options.suite.peerNames
    rows = samples.flatMap { sample in
      let row = ReportRow(sample.row.name, unit: sample.row.unit, sample, peers: names, \.value)
      let memory = ReportRow(
        sample.row.name + ", peak memory above idle",
        unit: "MB",
        sample,
        peers: names,
        \.peakMemory
      )
      let suspended = ReportRow(
        sample.row.name + ", share that suspended",
        unit: "of 1",
        sample,
        peers: names,
        \.suspended
      )
      return [row] + [memory, suspended].filter { !$0.isEmpty }
    }
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}

struct ReportRow: Encodable {
  struct Ours: Encodable {
    let median: Double
    let min: Double
    let max: Double
    let runs: Int
  }

  struct Theirs: Encodable {
    let median: Double
    let min: Double
    let max: Double
    let ratios: [Double]
    let noisy: Bool
  }

  let row: String
  let unit: String
  let better = "lower"
  let ours: Ours?
  /// `nil` for a peer that was not run.
  let peers: [String: Theirs?]
  /// The peers the row has at all, for the table.
  let rowPeers: [String]

  init(
    _ name: String,
    unit: String,
    _ samples: RowSamples,
    peers names: [String],
    _ figure: (RunResult) -> Double?
  ) {
    row = name
    self.unit = unit
    rowPeers = samples.row.peers.map(\.name)
    let own = samples.failedSides.contains(Side.ours) ? [] : samples.ours.compactMap(figure)
    ours = Spread(own).map { spread in
      Ours(
        median: rounded(spread.median),
        min: rounded(spread.min),
        max: rounded(spread.max),
        runs: own.count
      )
    }
    var peers: [String: Theirs?] = [:]
    for name in names { peers[name] = .some(Self.theirs(name, samples, figure)) }
    self.peers = peers
  }

  var isEmpty: Bool { ours == nil && peers.values.allSatisfy { $0 == nil } }

  private static func theirs(
    _ name: String,
    _ samples: RowSamples,
    _ figure: (RunResult) -> Double?
  ) -> Theirs? {
    let values = (samples.peers[name] ?? []).compactMap(figure)
    guard !samples.failedSides.contains(name), let spread = Spread(values) else { return nil }
    var ratios: [Double] = []
    if !samples.failedSides.contains(Side.ours) {
      ratios = (samples.pairs[name] ?? []).compactMap { pair in
        guard let ours = figure(pair.ours), let peer = figure(pair.peer) else { return nil }
        return rounded(ours / peer)
      }
    }
    return Theirs(
      median: rounded(spread.median),
      min: rounded(spread.min),
      max: rounded(spread.max),
      ratios: ratios,
      noisy: (Spread(ratios) ?? spread).isNoisy || isLow(spread, name, samples, figure)
    )
  }

  /// Whether processes that share nothing were hardly faster together than one: others used the processors.
  private static func isLow(
    _ spread: Spread,
    _ name: String,
    _ samples: RowSamples,
    _ figure: (RunResult) -> Double?
  ) -> Bool {
    guard name == Side.ceiling else { return false }
    let serial = Spread((samples.peers[Side.serial] ?? []).compactMap(figure))
    guard let serial else { return true }
    return serial.median / spread.median < 0.85 * Double(ParallelRows.processors)
  }

  private enum CodingKeys: CodingKey {
    case row, unit, better, ours, peers
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(row, forKey: .row)
    try container.encode(unit, forKey: .unit)
    try container.encode(better, forKey: .better)
    // Written out because a synthesised encoder leaves `nil` out, and "not run" has to be said.
    try container.encode(ours, forKey: .ours)
    try container.encode(peers, forKey: .peers)
  }
}

private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
