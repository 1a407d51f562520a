import Testing

@testable import Bakery

/// What all that can be closed does alike.
@Suite struct CloseTests {
  @Test func `closing again, from either end, changes nothing, and what is sent then comes back`()
    async throws
  {
    let channel = Channel<Int>(capacity: 2)
    try channel.sender.trySend(1)
    for _ in 0..<2 {
      channel.sender.close()
      channel.receiver.close()
    }
    let toChannel = await #expect(throws: SendFailure<Int>.self) {
      try await channel.sender.send(2)
    }
    #expect(toChannel?.element == 2)
    let isRefused = channel.sender.tryReserve() == nil
    #expect(isRefused)
    #expect(try await channel.receiver.receive() == 1)
    #expect(try await channel.receiver.receive() == nil)

    let broadcast = Broadcast<Int>(capacity: 2)
    let listener = broadcast.subscribe()
    try broadcast.sender.send(1)
    for _ in 0..<2 { broadcast.sender.close() }
    let toBroadcast = #expect(throws: BroadcastFailure<Int>.self) { try broadcast.sender.send(2) }
    #expect(toBroadcast?.element == 2)
    #expect(toBroadcast?.reason == .closed)
    #expect(try await listener.receive() == .element(1))
    #expect(try await listener.receive() == nil)

    let watch = Watch(0)
    var observer = watch.subscribe()
    try watch.sender.send(1)
    for _ in 0..<2 { watch.sender.close() }
    let toWatch = #expect(throws: SendFailure<Int>.self) { try watch.sender.send(2) }
    #expect(toWatch?.element == 2)
    #expect(try await observer.changed() == 1)
    #expect(try await observer.changed() == nil)
  }

  @Test func `closing a oneshot again, from either end, changes nothing`() async throws {
    let answered = Oneshot<Int>()
    try answered.sender.send(1)
    answered.sender.close()
    answered.sender.close()
    #expect(try await answered.receiver.receive() == 1)

    let refused = Oneshot<Int>()
    refused.receiver.close()
    refused.sender.close()
    refused.receiver.close()
    let failure = #expect(throws: SendFailure<Int>.self) { try refused.sender.send(2) }
    #expect(failure?.element == 2)
    #expect(failure?.reason == .closed)
  }

  @Test func `closing a semaphore again changes nothing, and permits that are held stay valid`()
    throws
  {
    let semaphore = AsyncSemaphore(limit: 2)
    let held = semaphore.tryAcquire()
    semaphore.close()
    semaphore.close()
    let next = semaphore.tryAcquire()
    let isRefused = next == nil
    #expect(isRefused)
    held?.release()
    #expect(semaphore.snapshot()["available"] == 2)
  }
}
