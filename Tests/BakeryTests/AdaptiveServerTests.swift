import Bakery
import Testing

/// The default algorithm on small simulated servers; `bench servers` tries it on a hundred larger ones.
@Suite struct AdaptiveServerTests {
  private func server(
    _ service: SimulatedServer.Service,
    workers: Int,
    then later: Int? = nil
  ) -> SimulatedServer {
    var server = SimulatedServer(seed: 1)
    server.service = service
    server.network = 0.05
    server.queue = .max
    server.duration = 120
    server.capacities = [.init(time: 0, workers: workers, mean: 0.05)]
    if let later { server.capacities.append(.init(time: 60, workers: later, mean: 0.05)) }
    return server
  }

  @Test func `a limit settles near the right one, far from where it began`() {
    // The right limit is 2 times 4, for half of the time goes to the network.
    let server = server(.deterministic, workers: 4)
    let best = ServerRun(server) { AsyncSemaphore(limit: 8) }
    for initial in [1, 20, 200] {
      let found = ServerRun(server) { AdaptiveLimiter(initial: initial) }
      #expect(found.done * 10 >= best.done * 9, "began at \(initial)")
      #expect(found.latency <= 2 * best.latency, "began at \(initial)")
    }
  }

  @Test func `when the server's capacity changes the limit follows within 20 s`() {
    for (before, after) in [(2, 8), (8, 2)] {
      let run = ServerRun(server(.exponential, workers: before, then: after)) { AdaptiveLimiter() }
      #expect(run.longestBelowHalf <= 20, "\(before) to \(after) workers")
    }
  }

  @Test func `two limiters that share a server get equal shares`() {
    let run = ServerRun(server(.exponential, workers: 6), clients: 2) { AdaptiveLimiter() }
    let shares = run.clients.map(\.doneLate).sorted()
    #expect(shares[1] <= 2 * shares[0])
  }

  @Test func `every algorithm keeps away from a server that rejects`() {
    var server = server(.exponential, workers: 4)
    server.queue = 8
    let careless = ServerRun(server) { AsyncSemaphore(limit: 40) }
    for algorithm in [LimitAlgorithm.knee, .aimd(), .vegas, .gradient2()] {
      let run = ServerRun(server) { AdaptiveLimiter(algorithm) }
      #expect(run.clients[0].rejected * 10 < careless.clients[0].rejected)
      #expect(run.done * 10 >= careless.done * 7)
    }
  }
}
