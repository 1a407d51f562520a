import Bakery

extension ExploredSpecification {
  static let ofSemaphore = [
    ExploredSpecification("semaphore: never more than the limit inside, and all permits come back")
    {
      let limit = 2
      let semaphore = AsyncSemaphore(limit: limit)
      let inside = Inside()
      var chance = Chance()
      var crew = Crew()
      for _ in 0..<4 {
        let (way, count, deadline) = (chance.below(4), 1 + chance.below(2), chance.deadline())
        crew.start {
          try await useSemaphore(semaphore, way, count, deadline) {
            try inside.enter("semaphore", count, limit: limit)
            await Task.yield()
            inside.leave(count)
          }
        }
      }
      if chance.isHit(oneIn: 2) { crew.cancel(chance.below(4)) }
      try await crew.finish()
      guard semaphore.tryAcquire(limit) != nil else {
        throw BrokenPromise("permits are lost: \(semaphore.snapshot())")
      }
    },
    ExploredSpecification("semaphore: permits are granted in the order of the calls") {
      let semaphore = AsyncSemaphore(limit: 2)
      let order = TaskLog<Int>()
      let isAhead = TaskLog<Bool>()
      var crew = Crew()
      let held = try await semaphore.acquire()
      crew.start { try await semaphore.withPermit(2) { order.append(0) } }
      crew.start {
        isAhead.append(semaphore.snapshot()["waiting"] == 1)
        try await semaphore.withPermit { order.append(1) }
      }
      await Task.yield()
      let waiting = semaphore.snapshot()["waiting"] ?? 0
      if waiting > 0, semaphore.tryAcquire() != nil {
        throw BrokenPromise("tryAcquire overtook a waiter")
      }
      held.release()
      try await crew.finish()
      if isAhead.all == [true], order.all != [0, 1] { throw BrokenPromise("order \(order.all)") }
    },
    ExploredSpecification("semaphore: who gives up lets those behind in") {
      let semaphore = AsyncSemaphore(limit: 2)
      let ends = TaskLog<CallEnd>()
      var chance = Chance()
      let deadline: Deadline = chance.isHit(oneIn: 2) ? .after(.microseconds(20)) : .never
      let held = try await semaphore.acquire()
      var crew = Crew()
      crew.start {
        await ends.append(try end { try await semaphore.withPermit(2, deadline: deadline) {} })
      }
      crew.start { try await semaphore.withPermit {} }
      if deadline == .never { crew.cancel(0) }
      try await crew.finish()
      let expected: CallEnd = deadline == .never ? .cancelled : .timedOut
      if ends.all != [expected] { throw BrokenPromise("the large request ended \(ends.all)") }
      held.release()
      guard semaphore.tryAcquire(2) != nil else { throw BrokenPromise("permits are lost") }
    },
    ExploredSpecification("semaphore: whoever leaves the line leaves all others in it") {
      let semaphore = AsyncSemaphore(limit: 1)
      var chance = Chance()
      let held = try await semaphore.acquire()
      var crew = Crew()
      for _ in 0..<4 { crew.start { try await semaphore.withPermit {} } }
      for _ in 0..<chance.below(3) { await Task.yield() }
      crew.cancel(chance.below(4))
      for _ in 0..<chance.below(3) { await Task.yield() }
      held.release()
      try await crew.finish()
      guard semaphore.tryAcquire() != nil else { throw BrokenPromise("a permit is lost") }
    },
    ExploredSpecification("semaphore: the deadline of an earlier wait ends no later one") {
      let semaphore = AsyncSemaphore(limit: 1)
      let held = try await semaphore.acquire()
      let soon = Deadline.after(.microseconds(20))
      let later = soon.advanced(by: .milliseconds(1))
      var crew = Crew()
      crew.start {
        do {
          let first = try await semaphore.acquire(deadline: soon)
          // The place in line is the same as before, and the deadline may be on its way still.
          let end = try await end { try await semaphore.withPermit(deadline: later) {} }
          if end == .done { throw BrokenPromise("the permit was granted twice") }
          if Deadline.now < later { throw BrokenPromise("a wait ended before its deadline") }
          first.release()
        } catch is DeadlineExceeded {}
      }
      try await sleep(until: soon)
      held.release()
      try await crew.finish()
    },
    ExploredSpecification(
      "semaphore: closing ends all waits, and resizing those that cannot be met"
    ) {
      let semaphore = AsyncSemaphore(limit: 2)
      let refused = TaskLog<SemaphoreFailure.Reason>()
      var chance = Chance()
      let closes = chance.isHit(oneIn: 2)
      let held = try await semaphore.acquire(2)
      var crew = Crew()
      for count in [2, 2, 1] {
        crew.start {
          do {
            try await semaphore.withPermit(count) {}
          } catch let failure as SemaphoreFailure {
            refused.append(failure.reason)
          }
        }
      }
      if chance.isHit(oneIn: 2) { await Task.yield() }
      if closes { semaphore.close() } else { semaphore.resize(to: 1) }
      if !closes { held.release() }
      try await crew.finish()
      let expected: [SemaphoreFailure.Reason] =
        closes ? [.closed, .closed, .closed] : [.impossible, .impossible]
      if refused.all != expected { throw BrokenPromise("refused \(refused.all)") }
      if semaphore.snapshot()["waiting"] != 0 { throw BrokenPromise("somebody waits for ever") }
    },
    ExploredSpecification("semaphore: limits linearize") {
      let semaphore = AsyncSemaphore(limit: 2)
      let history = History<Permits>()
      var crew = Crew()
      for _ in 0..<3 {
        crew.start {
          for _ in 0..<2 {
            let attempt = history.begin()
            guard let permit = semaphore.tryAcquire() else {
              history.end(attempt, .refused)
              continue
            }
            history.end(attempt, .taken)
            await Task.yield()
            let release = history.begin()
            permit.release()
            history.end(release, .given)
          }
        }
      }
      try await crew.finish()
      try history.check(Permits(free: 2))
    },
    ExploredSpecification("bulkhead: never more inside than its limit, nor in line than its line") {
      let bulkhead = Bulkhead(limit: 1, queue: 1)
      let inside = Inside()
      let full = TaskLog<Int>()
      var chance = Chance()
      var crew = Crew()
      for number in 0..<3 {
        let way = chance.below(3)
        crew.start {
          do {
            try await useBulkhead(bulkhead, way) {
              try inside.enter("bulkhead")
              await Task.yield()
              inside.leave()
            }
          } catch is BulkheadFull {
            full.append(number)
          }
        }
      }
      try await crew.finish()
      if full.all.count > 1 { throw BrokenPromise("\(full.all.count) of 3 were turned away") }
      guard bulkhead.tryAcquire() != nil else { throw BrokenPromise("a permit is lost") }
    },
  ]

  /// Free permits; `taken` and `refused` are answers of `tryAcquire`.
  private struct Permits: SequentialObject {
    enum Call: Sendable { case taken, refused, given }

    var free: Int

    mutating func admits(_ call: Call) -> Bool {
      switch call {
      case .taken: free -= 1
      case .refused: return free == 0
      case .given: free += 1
      }
      return free >= 0
    }
  }

  @concurrent private static func useSemaphore(
    _ semaphore: AsyncSemaphore,
    _ way: Int,
    _ count: Int,
    _ deadline: Deadline,
    _ body: @Sendable () async throws -> Void
  ) async throws {
    do {
      switch way {
      case 0:
        let permit = try await semaphore.acquire(count, deadline: deadline)
        try await body()
        permit.release()
      case 1:
        guard let permit = semaphore.tryAcquire(count) else { return }
        try await body()
        permit.release()
      default: try await semaphore.withPermit(count, deadline: deadline) { try await body() }
      }
    } catch is DeadlineExceeded {}
  }

  @concurrent private static func useBulkhead(
    _ bulkhead: Bulkhead,
    _ way: Int,
    _ body: @Sendable () async throws -> Void
  ) async throws {
    switch way {
    case 0:
      let permit = try await bulkhead.acquire()
      try await body()
      permit.release()
    case 1:
      guard let permit = bulkhead.tryAcquire() else { return }
      try await body()
      permit.release()
    default: try await bulkhead.withPermit { try await body() }
    }
  }
}
