import Bakery
import BakeryTesting
import Testing

@Suite struct OneshotTests {
  @Test func `the value arrives, sent before or after the receiver waits`() async throws {
    try await simulate(seeds: 0..<50) { _ in
      let oneshot = Oneshot<String>()
      let (sender, receiver) = (oneshot.sender, oneshot.receiver)
      async let value = receiver.receive()
      try sender.send("answer")
      #expect(try await value == "answer")
      #expect(sender.snapshot()["taken"] == 1)
    }
  }

  @Test func `a second value comes back in the error`() async throws {
    let oneshot = Oneshot<String>()
    try oneshot.sender.send("first")
    let failure = #expect(throws: SendFailure<String>.self) { try oneshot.sender.send("second") }
    #expect(failure?.element == "second")
    #expect(failure?.reason == .closed)
    #expect(try await oneshot.receiver.receive() == "first")
  }

  @Test func `trying tells not yet from never`() throws {
    let oneshot = Oneshot<Int?>(name: "answer")
    #expect(try oneshot.receiver.tryReceive() == nil)
    try oneshot.sender.send(nil)
    // A value that is itself nil is a value.
    #expect(try oneshot.receiver.tryReceive() == .some(.none))
    let failure = #expect(throws: OneshotFailure.self) { try oneshot.receiver.tryReceive() }
    #expect(failure?.reason == .taken)
    #expect(failure?.description.contains("Oneshot \"answer\"") == true)
  }

  @Test func `several that wait: the first gets the value, the others an error`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      let oneshot = Oneshot<Int>()
      let receiver = oneshot.receiver
      async let first = outcome { try await receiver.receive() }
      await waitUntilIdle()
      async let second = outcome { try await receiver.receive() }
      await waitUntilIdle()
      #expect(receiver.snapshot()["receivers waiting"] == 2)
      try oneshot.sender.send(1)
      #expect(try await first.get() == 1)
      #expect(await failure(second)?.reason == .taken)
    }
  }

  @Test func `a sender that is gone ends the wait with its name in the error`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      var sender: Oneshot<Int>.Sender?
      let receiver: Oneshot<Int>.Receiver
      do {
        let oneshot = Oneshot<Int>(name: "answer")
        (sender, receiver) = (oneshot.sender, oneshot.receiver)
      }
      async let waits = outcome { try await receiver.receive() }
      await waitUntilIdle()
      #expect(sender?.snapshot()["receivers waiting"] == 1)
      sender = nil
      let failure = failure(await waits)
      #expect(failure?.reason == .abandoned)
      #expect(failure?.description.contains("answer") == true)
      #expect(receiver.snapshot()["closed"] == 1)
    }
  }

  @Test func `a receiver that is gone tells the producer and refuses the value`() async throws {
    try await simulate(seeds: 0..<20) { _ in
      var receiver: Oneshot<Int>.Receiver?
      let sender: Oneshot<Int>.Sender
      do {
        let oneshot = Oneshot<Int>()
        (sender, receiver) = (oneshot.sender, oneshot.receiver)
      }
      #expect(!sender.isCancelled)
      async let stops: Void = sender.waitUntilClosed()
      await waitUntilIdle()
      #expect(receiver?.snapshot()["senders waiting"] == 1)
      receiver = nil
      try await stops
      #expect(sender.isCancelled)
      let refused = #expect(throws: SendFailure<Int>.self) { try sender.send(7) }
      #expect(refused?.element == 7)
    }
  }

  @Test func `closing either end is seen by the other, and a sent value survives it`() async throws
  {
    try await simulate { _ in
      let sent = Oneshot<Int>()
      try sent.sender.send(1)
      sent.receiver.close()
      sent.sender.close()
      #expect(!sent.sender.isCancelled)
      try await sent.sender.waitUntilClosed()
      #expect(try await sent.receiver.receive() == 1)

      let closed = Oneshot<Int>()
      closed.receiver.close()
      #expect(failure(await outcome { try await closed.receiver.receive() })?.reason == .closed)

      let abandoned = Oneshot<Int>()
      abandoned.sender.close()
      #expect(
        failure(await outcome { try await abandoned.receiver.receive() })?.reason == .abandoned
      )
    }
  }

  @Test func `deadlines end waits on both sides and lose nothing`() async throws {
    try await simulate { clock in
      let oneshot = Oneshot<Int>(name: "answer")
      let error = await #expect(throws: DeadlineExceeded.self) {
        try await oneshot.receiver.receive(deadline: .after(.seconds(1)))
      }
      #expect(error?.operation.hasPrefix("receive on Oneshot \"answer\"") == true)
      await #expect(throws: DeadlineExceeded.self) {
        try await oneshot.sender.waitUntilClosed(deadline: .after(.seconds(1)))
      }
      #expect(clock.now.nanoseconds == 2_000_000_000)
      try oneshot.sender.send(1)
      #expect(try await oneshot.receiver.receive(deadline: clock.now) == 1)
    }
  }

  @Test func `receiving cancelled at every suspension loses no value`() async throws {
    let cancelled = try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let oneshot = Oneshot<Int>()
      let (sender, receiver) = (oneshot.sender, oneshot.receiver)
      async let sent: Void = {
        await Task.yield()
        try sender.send(1)
      }()
      do {
        #expect(try await victim.run { try await receiver.receive() } == 1)
        try await sent
        #expect(sender.snapshot()["taken"] == 1)
      } catch is CancellationError {
        #expect(victim.wasCancelled)
        try await sent
        #expect(try receiver.tryReceive() == 1)
      }
      #expect(sender.snapshot()["receivers waiting"] == 0)
    }
    #expect(cancelled >= 40)
  }

  @Test func `watching for the end cancelled at every suspension leaves no place in line`()
    async throws
  {
    try await cancelAtEverySuspension(seeds: 0..<20) { victim in
      let oneshot = Oneshot<Int>()
      let (sender, receiver) = (oneshot.sender, oneshot.receiver)
      async let closed: Void = {
        await Task.yield()
        receiver.close()
      }()
      do {
        try await victim.run { try await sender.waitUntilClosed() }
        #expect(sender.isCancelled)
      } catch is CancellationError {
        #expect(victim.wasCancelled)
      }
      await closed
      #expect(sender.snapshot()["senders waiting"] == 0)
    }
  }

  @Test func `a value that nobody takes is released with its receiver`() throws {
    let gauge = Gauge()
    let oneshot = Oneshot<Counted>()
    let sender = oneshot.sender
    do {
      let receiver = consume oneshot
      try receiver.sender.send(Counted(gauge))
      #expect(gauge.now == 1)
    }
    #expect(gauge.now == 0)
    #expect(sender.snapshot()["sent"] == 1)
  }

  @Test func `on real threads every value is received once or given back`() async throws {
    let gauge = Gauge()
    let counts = try await gather(0..<4, width: 4) { worker in
      var (received, returned) = (0, 0)
      for round in 0..<1_000 {
        let oneshot = Oneshot<Counted>()
        let (sender, receiver) = (oneshot.sender, oneshot.receiver)
        let task = Task { try await receiver.receive() }
        if (round + worker).isMultiple(of: 3) { task.cancel() }
        if round.isMultiple(of: 7) { receiver.close() }
        do {
          try sender.send(Counted(gauge))
        } catch {
          returned += 1
        }
        if case .success = await task.result {
          received += 1
        } else if let late = try? receiver.tryReceive() {
          withExtendedLifetime(late) { received += 1 }
        }
      }
      return received + returned
    }
    #expect(counts == [1_000, 1_000, 1_000, 1_000])
    #expect(gauge.now == 0)
  }

  private func outcome(_ body: @Sendable () async throws -> Int) async -> Result<Int, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }

  private func failure(_ result: Result<Int, any Error>) -> OneshotFailure? {
    guard case .failure(let error) = result else { return nil }
    return error as? OneshotFailure
  }
}
