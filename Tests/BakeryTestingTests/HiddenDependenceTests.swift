import Bakery
@testable import BakeryTesting
import Synchronization
import Testing

private final class Findings: Sendable {
  private let ends = Mutex<[String]>([])
  func add(_ end: String) { ends.withLock { $0.append(end) } }
  var all: [String] { ends.withLock { $0 } }
}

/// Two steps that depend on each other, in a way that is seen.
///
/// Who leaves out what comes before them in another order, and runs it in one order for its tasks' sake, does not get to all ends.
@concurrent private func addSeenRace(to found: Findings) async {
  await waitUntilIdle()
  let gate = AsyncSemaphore(limit: 1)
  for name in ["third", "fourth"] {
    Task {
      gate.tryAcquire()?.release()
      found.add(name)
    }
  }
  await waitUntilIdle()
}

/// Two tasks of which one changes what the other finds, by means that are neither a lock of an object nor a hop to an actor.
private struct Race: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// Makes what the tasks share, and then what each does.
  let make: @concurrent @Sendable () async -> [@Sendable () -> String]

  init(
    _ name: String,
    _ make: @escaping @concurrent @Sendable () async -> [@Sendable () -> String]
  ) {
    testDescription = name
    self.make = make
  }

  /// Two tasks that do the same.
  init(_ name: String, ofTwo make: @escaping @Sendable () -> @Sendable () -> String) {
    self.init(name) {
      let find = make()
      return [find, find]
    }
  }

  /// What the two found.
  ///
  /// They are not awaited: that would be a step which depends on them.
  @concurrent func end() async -> [String] {
    let found = Findings()
    for (name, find) in zip(["first", "second"], await make()) {
      Task { found.add("\(name) \(find())") }
    }
    await addSeenRace(to: found)
    return found.all
  }
}

private let races = [
  Race("a rate limiter's quota") {
    let limiter = RateLimiter(Quota(1, per: .seconds(1), burst: 1))
    return { "\(limiter.tryAcquire() != nil)" }
  },
  Race("a keyed rate limiter's quota") {
    let limiter = KeyedRateLimiter<Int>(Quota(1, per: .seconds(1), burst: 1))
    return { "\(limiter.tryAcquire(for: 7))" }
  },
  Race("the next random number") { { "\(Int.random(in: 0..<1_000_000))" } },
  Race("the next number of a random source") {
    let random = SeededRandom(seed: 1)
    return { "\(random.next())" }
  },
  Race("a select that waits for two") {
    let (left, right) = (Channel<Int>(capacity: 1), Channel<Int>(capacity: 1))
    Task {
      try await select {
        left.receiver.receiving { _ in }
        right.receiver.receiving { _ in }
      }
    }
    await waitUntilIdle()
    func send(_ channel: Channel<Int>) -> @Sendable () -> String {
      {
        try? channel.sender.trySend(1)
        return "\(channel.receiver.snapshot()["buffered"] ?? -1)"
      }
    }
    return [send(left), send(right)]
  },
]

@Suite struct HiddenDependenceTests {
  private func ends(
    _ strategy: ExplorationStrategy,
    _ body: @escaping @concurrent @Sendable () async -> [String]
  ) async throws -> Set<[String]> {
    let ends = Mutex<Set<[String]>>([])
    let found = try await explore(schedules: 20_000, strategy: strategy) {
      // What they found, whoever was the first to say so.
      let all = await body()
      ends.withLock { _ = $0.insert(all.prefix(2).sorted() + all.dropFirst(2)) }
    }
    #expect(found.isComplete)
    return ends.withLock { $0 }
  }

  @Test(arguments: races)
  fileprivate func `a reduced exploration skips no end of a race`(race: Race) async throws {
    let all = try await ends(.exhaustive) { await race.end() }
    #expect(all.count == 4, "\(all)")
    #expect(try await ends(.reduced) { await race.end() } == all)
  }

  @Test func `a reduced exploration tries a cancellation before and after a look at it`()
    async throws
  {
    @concurrent @Sendable func end() async -> [String] {
      let found = Findings()
      let victim = Task { found.add("\(Task.isCancelled)") }
      Task {
        victim.cancel()
        found.add("cancelled")
      }
      await addSeenRace(to: found)
      return found.all
    }
    let all = try await ends(.exhaustive, end)
    #expect(all.count == 4, "\(all)")
    #expect(try await ends(.reduced, end) == all)
  }
}
