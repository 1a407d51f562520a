import Testing

@testable import Bakery

@Suite struct MonitorTests {
  @Test func `changes under the lock are not lost`() async {
    let monitor = Monitor(0)
    await onThreads(4) { _ in
      for _ in 0..<20_000 { monitor.withLock { $0 += 1 } }
    }
    #expect(monitor.withLock { $0 } == 80_000)
    #expect(monitor.snapshot()["held"] == 0)
  }

  @Test func `tasks may change the state and notify`() async throws {
    let monitor = Monitor(0, name: "counted")
    let thread = try JoinableThread.start(named: "waits") {
      monitor.withLock(when: { $0 == 3 }) { count in
        count = 0
        return "three"
      }
    }
    for _ in 0..<3 {
      monitor.withLock {
        $0 += 1
        // Inside as good as after: the thread is woken after the unlock.
        monitor.notifyOne()
      }
    }
    #expect(try await thread.value == "three")
    #expect(monitor.withLock { $0 } == 0)
  }

  @Test func `a bounded buffer loses nothing and keeps its bound`() async {
    struct Buffer {
      var elements: [Int] = []
      var largest = 0
      var sum = 0
      var taken = 0
    }
    let buffer = Monitor(Buffer(), name: "buffer")
    let count = 2000
    await onThreads(4) { index in
      for element in 0..<count {
        if index % 2 == 0 {
          buffer.withLock(when: { $0.elements.count < 3 }) { buffer in
            buffer.elements.append(element)
            buffer.largest = max(buffer.largest, buffer.elements.count)
          }
        } else {
          buffer.withLock(when: { !$0.elements.isEmpty }) { buffer in
            buffer.sum += buffer.elements.removeFirst()
            buffer.taken += 1
          }
        }
        // Two conditions on one monitor and one signal for each change: it must reach one who can use it.
        buffer.notifyOne()
      }
    }
    let end = buffer.withLock { $0 }
    #expect(end.taken == 2 * count)
    #expect(end.sum == count * (count - 1))
    #expect(end.largest <= 3)
    #expect(buffer.snapshot()["waiting"] == 0)
  }

  @Test func `a notification goes on to a waiter whose condition holds`() async throws {
    let monitor = Monitor(0)
    let first = try JoinableThread.start(named: "wants 2") {
      monitor.withLock(when: { $0 == 2 }) { _ in }
    }
    while monitor.snapshot()["waiting"] != 1 { await Task.yield() }
    let second = try JoinableThread.start(named: "wants 1") {
      monitor.withLock(when: { $0 == 1 }) { _ in }
    }
    while monitor.snapshot()["waiting"] != 2 { await Task.yield() }
    let names = monitor.snapshot().waiters.compactMap(\.task.name)
    #expect(names == ["thread wants 2", "thread wants 1"])
    monitor.withLock { $0 = 1 }
    monitor.notifyOne()
    try await second.value
    monitor.withLock { $0 = 2 }
    monitor.notifyAll()
    try await first.value
  }

  @Test func `a deadline ends the wait, and one that has passed finds what is there`() async throws
  {
    let monitor = Monitor(0, name: "slow")
    await onThreads(1) { _ in
      #expect {
        try monitor.withLock(when: { $0 > 0 }, deadline: .after(.milliseconds(2))) { _ in }
      } throws: { error in
        "\(error)".contains("withLock(when:) on Monitor \"slow\"")
      }
      #expect(throws: DeadlineExceeded.self) {
        try monitor.withLock(when: { $0 > 0 }, deadline: .now) { _ in }
      }
      #expect(throws: Never.self) {
        try monitor.withLock(when: { $0 == 0 }, deadline: .now) { $0 = 1 }
      }
    }
    #expect(monitor.snapshot()["waiting"] == 0)
    #expect(monitor.withLock { $0 } == 1)
  }

  @Test func `a body that throws leaves the lock, with its error's type`() async {
    struct Failed: Error {}
    let monitor = Monitor(0)
    do throws(Failed) {
      try monitor.withLock { count throws(Failed) in
        count = 1
        throw Failed()
      }
    } catch {}
    #expect(monitor.withLock { $0 } == 1)
  }

  @Test func `a snapshot does not wait for a body`() async throws {
    let (monitor, gate) = (Monitor(0, name: "held"), Gate())
    let thread = try JoinableThread.start(named: "holds") {
      monitor.withLock { _ in gate.wait() }
    }
    while monitor.snapshot()["held"] != 1 { await Task.yield() }
    #expect(Trace.dump().contains("Monitor \"held\""))
    gate.open()
    try await thread.value
  }

  @Test func `notifications, deadlines and newcomers at once lose no change`() async {
    let monitor = Monitor((produced: 0, consumed: 0, open: 4))
    let timeouts = Guarded(0)
    await onThreads(6) { index in
      if index < 4 {
        for _ in 0..<500 {
          monitor.withLock { $0.produced += 1 }
          monitor.notifyOne()
        }
        monitor.withLock { $0.open -= 1 }
        monitor.notifyAll()
        return
      }
      while true {
        do {
          let isOver = try monitor.withLock(
            when: { $0.produced > 0 || $0.open == 0 },
            deadline: .after(.microseconds(20))
          ) { state in
            guard state.produced > 0 else { return true }
            state.produced -= 1
            state.consumed += 1
            return false
          }
          if isOver { return }
        } catch {
          timeouts.withLockUnobserved { $0 += 1 }
        }
      }
    }
    #expect(monitor.withLock { $0.consumed } == 2000)
    #expect(monitor.snapshot()["waiting"] == 0)
  }
}

@Suite struct ThreadBarrierTests {
  @Test func `nobody runs ahead, and one of each round leads`() async {
    let barrier = ThreadBarrier(parties: 4, name: "rounds")
    let counts = Guarded((arrived: 0, leaders: 0))
    await onThreads(4) { _ in
      for round in 1...200 {
        counts.withLockUnobserved { $0.arrived += 1 }
        let leads = barrier.arriveAndWait()
        let arrived = counts.withLockUnobserved { counts in
          counts.leaders += leads ? 1 : 0
          return counts.arrived
        }
        #expect(arrived >= round * 4)
        #expect(arrived <= round * 4 + 3)
      }
    }
    #expect(counts.withLockUnobserved { $0.leaders } == 200)
    #expect(barrier.snapshot()["rounds"] == 200)
    #expect(barrier.snapshot()["waiting"] == 0)
  }

  @Test func `one party never waits`() async {
    let barrier = ThreadBarrier(parties: 1)
    await onThreads(1) { _ in
      #expect(barrier.arriveAndWait())
      #expect(barrier.arriveAndWait())
    }
  }

  @Test func `who gives up takes its arrival back`() async throws {
    let barrier = ThreadBarrier(parties: 2)
    await onThreads(1) { _ in
      #expect(throws: DeadlineExceeded.self) {
        try barrier.arriveAndWait(deadline: .after(.milliseconds(1)))
      }
    }
    #expect(barrier.snapshot()["waiting"] == 0)
    let first = try JoinableThread.start(named: "first") { barrier.arriveAndWait() }
    while barrier.snapshot()["waiting"] != 1 { await Task.yield() }
    let second = try JoinableThread.start(named: "second") {
      try barrier.arriveAndWait(deadline: .now)
    }
    #expect(try await first.value == false)
    #expect(try await second.value == true)
  }
}
