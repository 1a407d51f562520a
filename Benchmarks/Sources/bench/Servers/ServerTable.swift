import Bakery

/// How algorithms do on servers drawn from seeds, beside fixed limits.
///
/// The best fixed limit of a server is the smallest of 1, and each about an eighth larger than the last, to 1,000, with 99 % of
/// the requests done that any of them gets done in the same run.
struct ServerTable {
  private struct Best {
    var limit: Int
    var run: ServerRun

    init(on server: SimulatedServer) {
      var runs: [(limit: Int, run: ServerRun)] = []
      var limit = 1
      while limit <= 1000 {
        runs.append((limit, ServerRun(server) { AsyncSemaphore(limit: limit) }))
        // Five that do no better: more would only wait.
        let most = runs.map(\.run.done).max() ?? 0
        if runs.count > 6, runs.suffix(5).allSatisfy({ $0.run.done * 1000 > most * 995 }) { break }
        limit = max(limit + 1, limit * 9 / 8)
      }
      let most = runs.map(\.run.done).max() ?? 0
      let best = runs.first { $0.run.done * 100 >= most * 99 } ?? runs[0]
      (self.limit, run) = (best.limit, best.run)
    }
  }

  /// The scores of one way to limit.
  private struct Score {
    let name: String
    var throughputs: [Double] = []
    var latencies: [Double] = []
    var isGood: [Bool] = []
    var rejected = 0
    var longestBelowHalf: [Int] = []
    var shares: [Double] = []

    mutating func add(_ run: ServerRun, beside best: ServerRun, sharing shared: ServerRun?) {
      let throughput = Double(run.done) / Double(best.done)
      let latency = run.latency / best.latency
      throughputs.append(throughput)
      latencies.append(latency)
      isGood.append(throughput >= 0.9 && latency <= 2)
      rejected += run.clients[0].rejected
      longestBelowHalf.append(run.longestBelowHalf)
      guard let shared else { return }
      let done = shared.clients.map { Double(max(1, $0.doneLate)) }.sorted()
      shares.append(done[1] / done[0])
    }

    var line: String {
      let good = isGood.count(where: { $0 })
      let long = longestBelowHalf.count { $0 > 20 }
      let fair = shares.count { $0 <= 2 }
      return """
        | \(name) | \(good) of \(isGood.count) | \(percent(throughputs)) | \(percent(latencies)) | \
        \(rejected) | \(long) | \(shares.isEmpty ? "" : "\(fair) of \(shares.count)") |
        """
    }

    private func percent(_ values: [Double]) -> String {
      let sorted = values.sorted().map { Int(($0 * 100).rounded()) }
      return "\(sorted[sorted.count / 2]) (\(sorted[0])…\(sorted[sorted.count - 1]))"
    }
  }

  /// Prints the table for the servers of `seeds`, and a line for each server on which the default is not good.
  static func print(seeds: ClosedRange<UInt64>) {
    let algorithms: [(String, LimitAlgorithm)] = [
      ("knee", .knee), ("aimd", .aimd()), ("vegas", .vegas), ("gradient2", .gradient2()),
    ]
    var scores = algorithms.map { Score(name: $0.0) }
    var (half, double) = (Score(name: "half of the best"), Score(name: "double the best"))
    for seed in seeds {
      let server = SimulatedServer(seed: seed)
      let best = Best(on: server)
      for (index, (_, algorithm)) in algorithms.enumerated() {
        let alone = ServerRun(server) { AdaptiveLimiter(algorithm) }
        let shared = ServerRun(server, clients: 2) { AdaptiveLimiter(algorithm) }
        scores[index].add(alone, beside: best.run, sharing: shared)
      }
      if scores[0].isGood.last == false {
        let throughput = Int(scores[0].throughputs[scores[0].throughputs.count - 1] * 100)
        Swift.print(
          "not good: seed \(seed), best \(best.limit), throughput \(throughput) %, \(server)"
        )
      }
      half.add(
        ServerRun(server) { AsyncSemaphore(limit: max(1, best.limit / 2)) },
        beside: best.run,
        sharing: nil
      )
      double.add(
        ServerRun(server) { AsyncSemaphore(limit: best.limit * 2) },
        beside: best.run,
        sharing: nil
      )
    }
    Swift.print(
      """
      servers of seeds \(seeds); per cent of the best fixed limit: median (least…most)
      | limit | good | throughput | latency | rejected | over 20 s below half | two share 2:1 |
      |---|---|---|---|---|---|---|
      """
    )
    for score in scores + [half, double] { Swift.print(score.line) }
  }
}
