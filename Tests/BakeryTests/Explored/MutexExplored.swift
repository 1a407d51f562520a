import Bakery

extension ExploredSpecification {
  static let ofMutex = [
    ExploredSpecification("mutex: one task inside, whoever gives up takes nothing") {
      let mutex = AsyncMutex(0)
      let inside = Inside()
      var chance = Chance()
      var crew = Crew()
      for _ in 0..<3 {
        let (way, deadline) = (chance.below(6), chance.deadline())
        crew.start { try await useMutex(mutex, way, deadline, inside) }
      }
      if chance.isHit(oneIn: 2) { crew.cancel(chance.below(3)) }
      try await crew.finish()
      guard mutex.snapshot()["locked"] == 0, mutex.snapshot()["waiting"] == 0 else {
        throw BrokenPromise("the mutex is not free: \(mutex.snapshot())")
      }
      let total = await mutex.withLockUncancellable { $0 }
      if total != inside.entries { throw BrokenPromise("\(inside.entries) scopes left \(total)") }
    },
    ExploredSpecification("mutex: tasks in line get the lock in the order of their calls") {
      let mutex = AsyncMutex(0)
      let order = TaskLog<Int>()
      var crew = Crew()
      let held = try await mutex.lock()
      crew.start { try await mutex.withLock { _ in order.append(0) } }
      let isAhead = TaskLog<Bool>()
      crew.start {
        isAhead.append(mutex.snapshot()["waiting"] == 1)
        try await mutex.withLock { _ in order.append(1) }
      }
      await Task.yield()
      let areInLine = mutex.snapshot()["waiting"] == 2
      held.unlock()
      if let loan = mutex.tryLock() { loan.unlock() }
      try await crew.finish()
      guard areInLine, isAhead.all == [true] else { return }
      if order.all != [0, 1] { throw BrokenPromise("order \(order.all)") }
    },
    ExploredSpecification("mutex: a wait is overtaken 64 times at most") {
      let mutex = AsyncMutex(0)
      let order = TaskLog<Int>()
      var crew = Crew()
      let held = try await mutex.lock()
      crew.start { try await mutex.withLock { _ in order.append(0) } }
      await Task.yield()
      let isInLine = mutex.snapshot()["waiting"] == 1
      held.unlock()
      var loans = 0
      for _ in 0..<70 {
        guard let loan = mutex.tryLock() else { break }
        if order.all.isEmpty { loans += 1 }
        loan.unlock()
      }
      try await crew.finish()
      if isInLine, loans > 64 { throw BrokenPromise("overtaken \(loans) times") }
    },
    ExploredSpecification(
      "mutex: whoever gives up on its way to the lock lets the next one have it"
    ) {
      let mutex = AsyncMutex(0)
      let order = TaskLog<Int>()
      var chance = Chance()
      var crew = Crew()
      let held = try await mutex.lock()
      let deadline = chance.deadline()
      crew.start { _ = try await end { try await mutex.withLock(deadline: deadline) { _ in } } }
      crew.start { await mutex.withLockUncancellable { _ in order.append(1) } }
      await Task.yield()
      held.unlock()
      if chance.isHit(oneIn: 2), let loan = mutex.tryLock() {
        crew.cancel(0)
        await Task.yield()
        loan.unlock()
      } else {
        crew.cancel(0)
      }
      try await crew.finish()
      if order.all != [1] { throw BrokenPromise("the second wait ended \(order.all)") }
      if mutex.tryLock() == nil { throw BrokenPromise("the lock was not given back") }
    },
    ExploredSpecification("mutex: a wait whose lock is lent ends by its deadline all the same") {
      let mutex = AsyncMutex(0)
      let ends = TaskLog<CallEnd>()
      var crew = Crew()
      let held = try await mutex.lock()
      crew.start {
        await ends.append(
          try end { try await mutex.withLock(deadline: .after(.microseconds(20))) { _ in } }
        )
      }
      await Task.yield()
      held.unlock()
      let loan = mutex.tryLock()
      try await crew.finish()
      if loan != nil, mutex.tryLock() != nil { throw BrokenPromise("lent and given away") }
      guard ends.all == [.timedOut] || ends.all == [.done] else {
        throw BrokenPromise("the wait ended \(ends.all)")
      }
    },
    ExploredSpecification("mutex: a wait ends by its cancellation and its deadline alone") {
      let mutex = AsyncMutex(0)
      let ends = TaskLog<CallEnd>()
      let held = try await mutex.lock()
      var crew = Crew()
      crew.start { await ends.append(try end { try await mutex.withLock { _ in } }) }
      crew.start {
        await ends.append(
          try end { try await mutex.withLock(deadline: .after(.microseconds(20))) { _ in } }
        )
      }
      crew.start {
        await ends.append(try end { try await mutex.withLock(deadline: .now) { _ in } })
      }
      crew.cancel(0)
      try await crew.finish()
      if Set(ends.all) != [.cancelled, .timedOut] {
        throw BrokenPromise("waits ended \(ends.all)")
      }
      if mutex.tryLock() != nil { throw BrokenPromise("the lock was given away twice") }
      held.unlock()
      guard mutex.tryLock() != nil else { throw BrokenPromise("the lock went to nobody") }
    },
  ]

  static let ofConditions = [
    ExploredSpecification("mutex: a scope that waits for a condition sees every change") {
      let mutex = AsyncMutex(0)
      let inside = Inside()
      var crew = Crew()
      for turn in 0..<3 {
        crew.start {
          try await mutex.withLock(when: { $0 == turn }) { value in
            try inside.enter("withLock(when:)")
            await Task.yield()
            inside.leave()
            value += 1
          }
        }
      }
      try await crew.finish()
    },
    ExploredSpecification("mutex: a wait for a condition gives up without the lock") {
      let mutex = AsyncMutex(0)
      let ends = TaskLog<CallEnd>()
      var chance = Chance()
      var crew = Crew()
      let deadline = Deadline.after(.microseconds(20))
      crew.start {
        await ends.append(
          try end { try await mutex.withLock(when: { $0 == 9 }, deadline: deadline) { _ in } }
        )
      }
      crew.start {
        await ends.append(try end { try await mutex.withLock(when: { $0 == 9 }) { _ in } })
      }
      crew.start { for _ in 0..<2 { try await mutex.withLock { $0 += 1 } } }
      if chance.isHit(oneIn: 2) { await Task.yield() }
      crew.cancel(1)
      try await crew.finish()
      if Set(ends.all) != [.cancelled, .timedOut] {
        throw BrokenPromise("waits ended \(ends.all)")
      }
      guard mutex.tryLock() != nil else { throw BrokenPromise("a wait that gave up has the lock") }
    },
    ExploredSpecification(
      "condition: each notification wakes one who waits, and gives the lock back"
    ) {
      let mutex = AsyncMutex(0)
      let condition = AsyncCondition(of: mutex)
      let inside = Inside()
      var crew = Crew()
      for _ in 0..<2 {
        crew.start {
          var lock = try await mutex.lock()
          try await condition.wait(&lock, until: { $0 > 0 })
          try inside.enter("condition")
          lock.withValue { $0 -= 1 }
          inside.leave()
        }
      }
      for _ in 0..<2 {
        crew.start {
          var lock = try await mutex.lock()
          lock.withValue { $0 += 1 }
          condition.notifyOne()
        }
      }
      try await crew.finish()
      guard mutex.snapshot()["locked"] == 0 else {
        throw BrokenPromise("the lock was not given back")
      }
    },
    ExploredSpecification("condition: a wait that is cancelled or late passes its notification on")
    {
      let mutex = AsyncMutex(false)
      let condition = AsyncCondition(of: mutex)
      let woken = TaskLog<CallEnd>()
      var chance = Chance()
      var crew = Crew()
      for number in 0..<2 {
        let deadline = number == 0 ? chance.deadline() : .never
        crew.start {
          var lock = try await mutex.lock()
          let isDone = lock.withValue { $0 }
          guard !isDone else { return }
          do {
            try await condition.wait(&lock, deadline: deadline)
            woken.append(.done)
          } catch {
            woken.append(try CallEnd(error))
          }
          // Whatever ended the wait, the lock is here.
          if mutex.tryLock() != nil { throw BrokenPromise("a wait came back without the lock") }
        }
      }
      crew.start {
        var lock = try await mutex.lock()
        lock.withValue { $0 = true }
        condition.notifyAll()
      }
      if chance.isHit(oneIn: 2) { crew.cancel(0) }
      try await crew.finish()
      guard mutex.tryLock() != nil else { throw BrokenPromise("the lock was not given back") }
    },
  ]

  @concurrent private static func useMutex(
    _ mutex: AsyncMutex<Int>,
    _ way: Int,
    _ deadline: Deadline,
    _ inside: Inside
  ) async throws {
    do {
      switch way {
      case 0:
        let guarded = try await mutex.lock(deadline: deadline)
        try await enter(guarded, inside)
      case 1:
        guard let guarded = mutex.tryLock() else { return }
        try await enter(guarded, inside)
      case 2:
        try await mutex.withLockIfAvailable { try await enter(&$0, inside) }
      case 3:
        try await mutex.withLockUncancellable { try await enter(&$0, inside) }
      default:
        try await mutex.withLock(deadline: deadline) { try await enter(&$0, inside) }
      }
    } catch is DeadlineExceeded {}
  }

  private static func enter(_ value: inout Int, _ inside: Inside) async throws {
    try inside.enter("mutex")
    let seen = value
    await Task.yield()
    value = seen + 1
    inside.leave()
  }

  private static func enter(
    _ guarded: consuming AsyncMutex<Int>.Guard,
    _ inside: Inside
  ) async throws {
    var guarded = guarded
    try inside.enter("mutex")
    let seen = guarded.withValue { $0 }
    await Task.yield()
    guarded.withValue { $0 = seen + 1 }
    inside.leave()
    guarded.unlock()
  }
}

/// How a call ended that may run out of time or be cancelled.
func end(
  _ call: nonisolated(nonsending) () async throws -> Void
) async throws -> CallEnd {
  do {
    try await call()
    return .done
  } catch {
    return try CallEnd(error)
  }
}
