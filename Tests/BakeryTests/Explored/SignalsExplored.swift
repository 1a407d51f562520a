import Bakery

extension ExploredSpecification {
  /// Event, latch, barrier, once, and a channel for one element.
  static let ofSignals = [
    ExploredSpecification("event and latch: nobody waits when they are open, everybody until then")
    {
      let ends = TaskLog<CallEnd>()
      var chance = Chance()
      let ways = [chance.below(3), chance.below(3), chance.below(3)]
      let event = AsyncEvent()
      let latch = AsyncLatch(count: ways.filter { $0 == 2 }.count + 1)
      let opens = chance.isHit(oneIn: 2)
      var crew = Crew()
      for number in 0..<3 {
        let (way, deadline) = (ways[number], number == 0 ? chance.deadline() : .never)
        crew.start {
          let end = try await end {
            switch way {
            case 0: try await event.wait(deadline: deadline)
            case 1: try await latch.wait(deadline: deadline)
            default: try await latch.arriveAndWait(deadline: deadline)
            }
          }
          ends.append(end)
          let isOpen = way == 0 ? event.isSet : latch.remaining == 0
          if end == .done, !isOpen { throw BrokenPromise("a wait ended before the time") }
        }
      }
      if !opens { for number in 0..<3 { crew.cancel(number) } }
      if opens {
        event.set()
        latch.countDown()
      }
      try await crew.finish()
      if opens, ends.all.contains(.cancelled) { throw BrokenPromise("ended \(ends.all)") }
    },
    ExploredSpecification("barrier: all of a round leave after the last has come, with one leader")
    {
      let barrier = AsyncBarrier(parties: 2)
      let arrivals = Inside()
      let leaders = TaskLog<UInt64>()
      var crew = Crew()
      for _ in 0..<2 {
        crew.start {
          for round in 0..<2 {
            try arrivals.enter("arrivals", limit: .max)
            let arrival = try await barrier.arriveAndWait()
            if arrivals.entries < 2 * (round + 1) {
              throw BrokenPromise("the barrier let one pass")
            }
            if arrival.isLeader { leaders.append(arrival.phase) }
          }
        }
      }
      try await crew.finish()
      if leaders.all.count != 2 || Set(leaders.all).count != 2 {
        throw BrokenPromise("leaders of \(leaders.all)")
      }
    },
    ExploredSpecification("barrier: who gives up is not counted, and breaks nothing for the others")
    {
      let barrier = AsyncBarrier(parties: 2)
      var chance = Chance()
      let deadline = chance.deadline()
      var crew = Crew()
      crew.start { _ = try await end { _ = try await barrier.arriveAndWait(deadline: deadline) } }
      crew.start { try await sleep(until: .after(.microseconds(20))) }
      crew.cancel(0)
      try await crew.finish()
      if barrier.snapshot()["waiting"] ?? 0 != 0 { throw BrokenPromise("a wait is left behind") }
    },
    ExploredSpecification("once: one computes at a time, all get the same value") {
      let once = AsyncOnce<Int>()
      let inside = Inside()
      let (values, failures) = (TaskLog<Int>(), TaskLog<Int>())
      var chance = Chance()
      var crew = Crew()
      for number in 0..<3 {
        let (fails, deadline) = (chance.isHit(oneIn: 3), chance.deadline())
        crew.start {
          do {
            values.append(
              try await once.value(deadline: deadline) {
                try inside.enter("once")
                await Task.yield()
                inside.leave()
                if fails { throw DeadlineExceeded(operation: "compute", deadline: .never) }
                return number
              }
            )
          } catch is DeadlineExceeded {
            failures.append(number)
          }
        }
      }
      if chance.isHit(oneIn: 2) { crew.cancel(chance.below(3)) }
      try await crew.finish()
      if Set(values.all).count > 1 { throw BrokenPromise("values \(values.all)") }
      if let value = values.all.first, once.valueIfComputed != value {
        throw BrokenPromise("the value is not there")
      }
    },
    ExploredSpecification("oneshot: the element arrives once, or both sides hear that it will not")
    {
      let oneshot = Oneshot<Int>()
      let ends = TaskLog<String>()
      var chance = Chance()
      let (way, leaves, deadline) = (chance.below(3), chance.isHit(oneIn: 3), chance.deadline())
      var crew = Crew()
      crew.start {
        do {
          if way == 2 {
            try await oneshot.sender.waitUntilClosed(deadline: .after(.microseconds(20)))
          }
          if way == 1 { oneshot.sender.close() } else { try oneshot.sender.send(7) }
        } catch is SendFailure<Int> {
          ends.append("unsent")
        } catch is DeadlineExceeded {
          oneshot.sender.close()
        }
      }
      crew.start {
        defer { oneshot.receiver.close() }
        if leaves { return }
        do {
          var element = try oneshot.receiver.tryReceive()
          if element == nil { element = try await oneshot.receiver.receive(deadline: deadline) }
          if element != 7 { throw BrokenPromise("another element") }
          ends.append("received")
        } catch is OneshotFailure {
          ends.append("abandoned")
        } catch is DeadlineExceeded {}
      }
      if chance.isHit(oneIn: 3) { crew.cancel(1) }
      try await crew.finish()
      if ends.all.contains("received"), ends.all.contains("unsent") {
        throw BrokenPromise("ends \(ends.all)")
      }
    },
  ]
}
