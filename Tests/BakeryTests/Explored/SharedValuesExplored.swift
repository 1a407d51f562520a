import Bakery

extension ExploredSpecification {
  /// Locks for readers and writers, and channels of which every receiver sees everything, or the newest.
  static let ofSharedValues = [
    ExploredSpecification("rwlock: a writer is alone, and readers see whole values") {
      let lock = AsyncRWLock((left: 0, right: 0))
      let (writers, readers) = (Inside(), Inside())
      var chance = Chance()
      var crew = Crew()
      for _ in 0..<4 {
        let (way, deadline) = (chance.below(6), chance.deadline())
        crew.start {
          do {
            switch way {
            case 0: try await lock.withReadLockIfAvailable { try await read($0, writers, readers) }
            case 1:
              try await lock.withWriteLockIfAvailable { try await write(&$0, writers, readers) }
            case 2, 3:
              try await lock.withReadLock(deadline: deadline) {
                try await read($0, writers, readers)
              }
            default:
              try await lock.withWriteLock(deadline: deadline) {
                try await write(&$0, writers, readers)
              }
            }
          } catch is DeadlineExceeded {}
        }
      }
      if chance.isHit(oneIn: 2) { crew.cancel(chance.below(4)) }
      try await crew.finish()
      let isFree: Void? = await lock.withWriteLockIfAvailable { _ in }
      if isFree == nil { throw BrokenPromise("the lock is not free: \(lock.snapshot())") }
    },
    ExploredSpecification("broadcast: every receiver gets every element, in order") {
      let broadcast = Broadcast<Int>(capacity: 4)
      var chance = Chance()
      var crew = Crew()
      for way in 0..<2 {
        let receiver = broadcast.subscribe()
        let deadline = chance.deadline()
        crew.start {
          var seen: [Int] = []
          if way == 0 {
            if let first = receiver.tryReceive()?.element { seen.append(first) }
            _ = try await end {
              if let next = try await receiver.receive(deadline: deadline)?.element {
                seen.append(next)
              }
            }
          }
          var items = receiver.makeAsyncIterator()
          while let item = try await items.next() {
            guard let element = item.element else { throw BrokenPromise("a receiver lags") }
            seen.append(element)
          }
          if seen != [0, 1, 2] { throw BrokenPromise("received \(seen)") }
        }
      }
      crew.start {
        for number in 0..<3 { _ = try broadcast.sender.send(number) }
        broadcast.sender.close()
      }
      try await crew.finish()
    },
    ExploredSpecification("broadcast: elements and lags account for all that was sent") {
      var chance = Chance()
      let broadcast = Broadcast<Int>(capacity: 1 + chance.below(2))
      var crew = Crew()
      for _ in 0..<2 {
        let receiver = broadcast.subscribe()
        let deadline = chance.deadline()
        crew.start {
          var position = 0
          func account(for item: Broadcast<Int>.Item) throws {
            switch item {
            case .lagged(let missed): position += missed
            case .element(let element):
              if element != position { throw BrokenPromise("\(element) at \(position)") }
              position += 1
            }
          }
          let end = try await end {
            if let item = try await receiver.receive(deadline: deadline) { try account(for: item) }
          }
          if end == .cancelled { return }
          while let item = try await receiver.receive() { try account(for: item) }
          if position != 4 { throw BrokenPromise("\(position) of 4 accounted for") }
        }
      }
      crew.start {
        for number in 0..<4 {
          // Nobody may be there any more.
          _ = try? broadcast.sender.send(number)
          await Task.yield()
        }
        broadcast.sender.close()
      }
      let cancels = chance.isHit(oneIn: 2)
      if cancels { crew.cancel(chance.below(2)) }
      try await crew.finish()
      let kept = broadcast.sender.snapshot()["buffered"] ?? 0
      if !cancels, kept != 0 { throw BrokenPromise("\(kept) elements are kept for nobody") }
    },
    ExploredSpecification("watch: the newest value arrives, older ones never after it") {
      let watch = Watch(0)
      var crew = Crew()
      var chance = Chance()
      for way in 0..<2 {
        let subscription = watch.subscribe()
        let deadline = chance.deadline()
        crew.start {
          var receiver = subscription
          var last = receiver.value
          if way == 0 {
            _ = try await end {
              last = try await receiver.changed(deadline: deadline) ?? last
            }
            if let next = receiver.tryChanged() {
              if next < last { throw BrokenPromise("\(next) after \(last)") }
              last = next
            }
            let two = try await receiver.wait { $0 >= 2 }
            if two < last { throw BrokenPromise("\(two) after \(last)") }
            return
          }
          var values = receiver.makeAsyncIterator()
          while let next = try await values.next() {
            if next < last { throw BrokenPromise("\(next) after \(last)") }
            last = next
          }
          if last != 2 { throw BrokenPromise("the newest value is 2, seen was \(last)") }
        }
      }
      crew.start {
        try watch.sender.send(1)
        try watch.sender.send(2)
        watch.sender.close()
      }
      try await crew.finish()
      try await watch.sender.waitUntilUnobserved(deadline: .after(.seconds(10)))
    },
  ]

  private static func read(
    _ value: (left: Int, right: Int),
    _ writers: Inside,
    _ readers: Inside
  ) async throws {
    try readers.enter("readers", limit: .max)
    await Task.yield()
    if writers.now > 0 { throw BrokenPromise("a reader beside a writer") }
    if value.left != value.right { throw BrokenPromise("half a value: \(value)") }
    readers.leave()
  }

  private static func write(
    _ value: inout (left: Int, right: Int),
    _ writers: Inside,
    _ readers: Inside
  ) async throws {
    try writers.enter("rwlock")
    if readers.now > 0 { throw BrokenPromise("a writer beside readers") }
    value.left += 1
    await Task.yield()
    value.right += 1
    writers.leave()
  }
}
