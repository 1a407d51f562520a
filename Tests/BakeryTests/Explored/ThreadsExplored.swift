import Bakery

extension ExploredSpecification {
  /// Those of blocked threads, which only the mode `threads` has.
  static let ofThreads = [
    ExploredSpecification("monitor: threads that wait for a condition see it, or their deadline") {
      let box = Monitor<Int?>(nil)
      let taken = TaskLog<Int>()
      var threads: [JoinableThread<Void, any Error>] = []
      for _ in 0..<2 {
        threads.append(
          try .start(named: "taker") {
            box.withLock(when: { $0 != nil }) { value in
              if let value { taken.append(value) }
              value = nil
              // Whom it does not help hands it on to whom it does.
              box.notifyOne()
            }
          }
        )
      }
      threads.append(
        try .start(named: "giver") {
          for number in 0..<2 {
            box.withLock(when: { $0 == nil }) { $0 = number }
            box.notifyOne()
          }
          do {
            try box.withLock(when: { $0 == 9 }, deadline: .after(.seconds(1))) { _ in }
            throw BrokenPromise("a condition that never holds")
          } catch is DeadlineExceeded {}
        }
      )
      for thread in threads { try await thread.value }
      if taken.all != [0, 1] { throw BrokenPromise("taken \(taken.all)") }
    },
    ExploredSpecification("monitor: one thread inside") {
      let total = Monitor(0)
      let inside = Inside()
      var threads: [JoinableThread<Void, any Error>] = []
      for _ in 0..<3 {
        threads.append(
          try .start(named: "adder") {
            try total.withLock { value in
              try inside.enter("monitor")
              total.notifyOne()
              value += 1
              inside.leave()
            }
          }
        )
      }
      for thread in threads { try await thread.value }
      let sum = total.withLock { $0 }
      if sum != 3 { throw BrokenPromise("3 additions made \(sum)") }
    },
    ExploredSpecification("thread barrier: all leave after the last has come, with one leader") {
      let barrier = ThreadBarrier(parties: 2)
      let arrivals = Inside()
      let leaders = TaskLog<Bool>()
      var chance = Chance()
      let givesUp = chance.isHit(oneIn: 2)
      var threads: [JoinableThread<Void, any Error>] = []
      for _ in 0..<2 {
        threads.append(
          try .start(named: "party") {
            try arrivals.enter("arrivals", limit: .max)
            let leads = barrier.arriveAndWait()
            if arrivals.entries < 2 { throw BrokenPromise("the barrier let one pass") }
            leaders.append(leads)
          }
        )
      }
      for thread in threads { try await thread.value }
      if leaders.all.filter(\.self).count != 1 { throw BrokenPromise("leaders \(leaders.all)") }
      guard givesUp else { return }
      let late = try JoinableThread<Void, any Error>.start(named: "late") {
        do {
          try barrier.arriveAndWait(deadline: .after(.seconds(1)))
          throw BrokenPromise("one party passed alone")
        } catch is DeadlineExceeded {}
      }
      try await late.value
    },
    ExploredSpecification("joinable thread: whoever joins gets the result, thread or task") {
      let thread = try JoinableThread<Int, Never>.start(named: "worker") { 7 }
      let joiner = try JoinableThread<Int, Never>.start(named: "joiner") {
        thread.waitUntilFinished() ? thread.join() : 0
      }
      let results = [
        try await thread.value, try await thread.join(deadline: .after(.seconds(1))),
        try await joiner.value,
      ]
      if results != [7, 7, 7] { throw BrokenPromise("results \(results)") }
    },
    ExploredSpecification("blocking pool: every job runs once, and shutting down waits for them") {
      let pool = BlockingPool(threads: 1, queue: 2)
      let inside = Inside()
      var crew = Crew()
      var chance = Chance()
      for _ in 0..<2 {
        let deadline = chance.deadline()
        crew.start {
          _ = try await end {
            try await pool.run(deadline: deadline) {
              try inside.enter("pool of one thread")
              inside.leave()
            }
          }
        }
      }
      try await crew.finish()
      try await pool.shutdown(deadline: .never)
      if inside.now != 0 { throw BrokenPromise("a job runs still") }
    },
  ]
}
