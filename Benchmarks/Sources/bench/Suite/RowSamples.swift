/// Everything the runs of one row gave.
struct RowSamples {
  let row: Row
  private(set) var ours: [RunResult] = []
  private(set) var peers: [String: [RunResult]] = [:]
  private(set) var pairs: [String: [(ours: RunResult, peer: RunResult)]] = [:]
  private(set) var failedSides: Set<String> = []
  private(set) var failures: [String] = []

  init(row: Row) { self.row = row }

  mutating func add(ours: RunResult?) {
    if let ours { self.ours.append(ours) }
  }

  mutating func add(ours: RunResult?, peer: RunResult?, named name: String) {
    add(ours: ours)
    if let ours, let peer, ours.checksum != peer.checksum {
      fail(name, "its checksum is \(peer.checksum ?? "none"), ours is \(ours.checksum ?? "none")")
    }
    if let peer { peers[name, default: []].append(peer) }
    if let ours, let peer { pairs[name, default: []].append((ours, peer)) }
  }

  /// Forgets the side's figures: a side that is wrong once cannot be trusted the other times.
  mutating func fail(_ side: String, _ reason: String) {
    failedSides.insert(side)
    failures.append("\"\(row.name)\", \(side): \(reason)")
  }
}

/// A median and how far the figures lie around it.
struct Spread {
  let median: Double
  let min: Double
  let max: Double

  init?(_ values: [Double]) {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else { return nil }
    min = first
    max = last
    let middle = sorted.count / 2
    median =
      sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2
      : sorted[middle]
  }

  /// Above this, the figures decide nothing and the measurement has to be repeated.
  var isNoisy: Bool { max - min > 0.3 * median }
}
