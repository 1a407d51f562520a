import Bakery

extension ExploredSpecification {
  static let ofSelect = [
    ExploredSpecification("select: one clause goes through, the others take nothing") {
      var chance = Chance()
      let capacity = chance.below(2)
      let (left, right) = (Channel<Int>(capacity: capacity), Channel<Int>(capacity: capacity))
      let gate = AsyncSemaphore(limit: 1)
      let held = chance.isHit(oneIn: 2) ? gate.tryAcquire() : nil
      let (received, sent, permits) = (TaskLog<Int>(), TaskLog<Int>(), TaskLog<Int>())
      var crew = Crew()
      for number in 0..<2 {
        let deadline: Deadline = chance.isHit(oneIn: 2) ? .after(.microseconds(20)) : .never
        crew.start {
          try await select {
            left.receiver.receiving { if let element = $0 { received.append(element) } }
            right.receiver.receiving { if let element = $0 { received.append(element) } }
            gate.acquiring { permit in
              permits.append(number)
              permit.release()
            }
            sleeping(until: deadline) {}
          }
        }
      }
      for number in 0..<2 {
        let way = chance.below(3)
        crew.start {
          switch way {
          case 0:
            try await select {
              left.sender.sending(number) { sent.append(number) }
              right.sender.sending(number) { sent.append(number) }
            }
          case 1: if (try? left.sender.trySend(number)) != nil { sent.append(number) }
          default:
            try await end {
              try await right.sender.send(number, deadline: .after(.microseconds(20)))
            }
              == .done ? sent.append(number) : ()
          }
        }
      }
      if chance.isHit(oneIn: 2) { crew.cancel(chance.below(4)) }
      held?.release()
      let closer = Task {
        try await sleep(until: .after(.milliseconds(1)))
        left.sender.close()
        right.sender.close()
      }
      try await closer.value
      do { try await crew.finish() } catch is SendFailure<Int> {}
      var found = received.all
      for channel in [left, right] {
        while let element = channel.receiver.tryReceive() { found.append(element) }
        let snapshot = channel.receiver.snapshot()
        if snapshot["senders waiting"] != 0 || snapshot["receivers waiting"] != 0 {
          throw BrokenPromise("a clause stayed in line: \(snapshot)")
        }
      }
      if found.sorted() != sent.all.sorted() {
        throw BrokenPromise("sent \(sent.all), found \(found)")
      }
      guard gate.tryAcquire() != nil else { throw BrokenPromise("a permit is lost") }
    },
    ExploredSpecification("select: selects meet each other, once") {
      let (left, right) = (Channel<Int>(capacity: 0), Channel<Int>(capacity: 0))
      let (sent, received) = (TaskLog<Int>(), TaskLog<Int>())
      var crew = Crew()
      for number in 0..<2 {
        crew.start {
          try await select {
            left.sender.sending(number) { sent.append(number) }
            right.receiver.receiving { if let element = $0 { received.append(element) } }
          }
        }
        crew.start {
          try await select {
            right.sender.sending(10 + number) { sent.append(10 + number) }
            left.receiver.receiving { if let element = $0 { received.append(element) } }
          }
        }
      }
      try await crew.finish()
      if sent.all.count != 2 || sent.all.sorted() != received.all.sorted() {
        throw BrokenPromise("sent \(sent.all), received \(received.all)")
      }
    },
    ExploredSpecification("select: ends by its deadline or its cancellation when nothing else does")
    {
      let channel = Channel<Int>(capacity: 0)
      let gate = AsyncSemaphore(limit: 1)
      let ends = TaskLog<CallEnd>()
      var chance = Chance()
      let cancels = chance.isHit(oneIn: 2)
      guard let held = gate.tryAcquire() else { throw BrokenPromise("a new semaphore is taken") }
      var (selecting, crew) = (Crew(), Crew())
      selecting.start {
        await ends.append(
          try end {
            try await select {
              channel.receiver.receiving { _ in throw BrokenPromise("an element from nowhere") }
              sleeping(until: .after(.microseconds(40))) {}
              gate.acquiring { _ in throw BrokenPromise("a permit from nowhere") }
              sleeping(until: .after(.milliseconds(40))) {
                throw BrokenPromise("the later deadline")
              }
            }
          }
        )
      }
      // Whoever stands behind the select in a line goes on when it has left.
      crew.start { try await gate.withPermit {} }
      if cancels { selecting.cancel(0) }
      try await selecting.finish()
      held.release()
      try await crew.finish()
      if !cancels, ends.all != [.done] { throw BrokenPromise("the select ended \(ends.all)") }
      guard gate.tryAcquire() != nil else { throw BrokenPromise("a permit is lost") }
    },
    ExploredSpecification("select: leaves every line, whichever clause was chosen or none") {
      var chance = Chance()
      let (full, empty) = (Channel<Int>(capacity: chance.below(2)), Channel<Int>(capacity: 0))
      while (try? full.sender.trySend(-1)) != nil {}
      let gate = AsyncSemaphore(limit: 1)
      var held = gate.tryAcquire()
      var crew = Crew()
      for number in 0..<2 {
        let deadline: Deadline = chance.isHit(oneIn: 3) ? .after(.microseconds(20)) : .never
        crew.start {
          try await select {
            full.sender.sending(number) {}
            empty.receiver.receiving { _ in }
            gate.acquiring { $0.release() }
            sleeping(until: deadline) {}
          }
        }
      }
      for number in 0..<2 {
        if chance.isHit(oneIn: 2) { await Task.yield() }
        switch chance.below(4) {
        case 0: _ = full.receiver.tryReceive()
        case 1: try? empty.sender.trySend(number)
        case 2: held.take()?.release()
        default: crew.cancel(number)
        }
      }
      await Task.yield()
      for number in 0..<2 { crew.cancel(number) }
      try await crew.finish()
      let standing = [
        full.sender.snapshot()["senders waiting"],
        empty.receiver.snapshot()["receivers waiting"], gate.snapshot()["waiting"],
      ]
      if standing != [0, 0, 0] {
        throw BrokenPromise("sending, receiving and acquiring clauses stayed in line: \(standing)")
      }
    },
    ExploredSpecification("select: a decided select keeps nobody behind it waiting") {
      let gate = AsyncSemaphore(limit: 2)
      let channel = Channel<Int>(capacity: 1)
      let held = try await gate.acquire()
      var crew = Crew()
      crew.start {
        try await select {
          gate.acquiring(2) { $0.release() }
          channel.receiver.receiving { _ in }
        }
      }
      crew.start { try await gate.withPermit {} }
      crew.start { try channel.sender.trySend(1) }
      try await crew.finish()
      held.release()
      guard gate.tryAcquire(2) != nil else { throw BrokenPromise("a permit is lost") }
    },
  ]
}
