/// The decisions about items in flight: whose turn it is to take an input, where outputs wait, who is told.
///
/// A window moves over the items of one source. An item is in it from the moment at which its input was taken until its
/// output is received, so what is in flight has a bound:
/// ```
///   received          ready                                taken        received + capacity
///      │  outputs to    │  outputs and items under way       │   room        │
///      ▼  be received   ▼  in any order                      ▼               ▼
/// ```
/// Invariant: `received <= ready <= taken <= received + capacity`.
/// Invariant: receivers wait only while `received == ready`.
/// Invariant: when workers wait and nobody is called, the turn is taken, or there is no room, or enough outputs are
/// ready that it can wait.
@usableFromInline
struct WindowState<Output: Sendable> {
  /// What a worker that wants an input is to do.
  @usableFromInline
  enum Turn: Equatable {
    /// It is the caller's turn to ask the source, and nobody else's until `didTake`.
    case take
    case wait(Ticket)
    case end
  }

  /// What a receiver gets.
  @usableFromInline
  enum Receipt {
    case output(Output)
    case wait(Ticket)
    case end
  }

  /// How many items may be in flight.
  @usableFromInline let capacity: Int
  @usableFromInline let order: GatherOrder
  /// How many inputs were taken; the index of the next one.
  @usableFromInline private(set) var taken = 0
  /// How many items are done, received or not.
  @usableFromInline private(set) var finished = 0
  /// The first position that has no output yet.
  @usableFromInline private(set) var ready = 0
  /// How many outputs were received; the position of the next one.
  @usableFromInline private(set) var received = 0
  /// Outputs from `received` on, in a ring of a power of two of places, by the low bits of their position.
  @usableFromInline private(set) var ring: ContiguousArray<Output?>
  /// Whether somebody asks the source right now.
  @usableFromInline private(set) var isTaking = false
  /// Whether a worker was called out of the line and has not come yet.
  ///
  /// One is called at a time: while items are so short that it finds nothing to do, calling more would cost more than
  /// the items.
  @usableFromInline private(set) var isCalling = false
  /// Whether workers are called: from when half of the room is free until a worker finds none.
  ///
  /// In between the outputs that are ready keep the receiver busy, and workers would be called for one item each.
  @usableFromInline private(set) var isRefilling = true
  @usableFromInline private(set) var isExhausted = false
  @usableFromInline private(set) var isStopped = false
  /// Tasks that work or may come to do so.
  ///
  /// After a stop receivers are told only when these have ended.
  @usableFromInline private(set) var crew = 1
  /// Counts decided waits, for those who look out for one.
  @usableFromInline private(set) var decisions = 0
  @usableFromInline private(set) var workers: WaitQueue
  @usableFromInline private(set) var receivers: WaitQueue
  /// Outputs of receivers that were granted one and have not fetched it yet.
  @usableFromInline private(set) var granted = ParkedElements<Output>()

  @usableFromInline
  init(capacity: Int, order: GatherOrder) {
    self.capacity = capacity
    self.order = order
    ring = ContiguousArray(repeating: nil, count: 16)
    workers = WaitQueue(marked: true)
    receivers = WaitQueue()
  }

  /// How many items are in flight.
  @inlinable var inFlight: Int { taken &- received }

  /// Whether receivers will get nothing more.
  @inlinable var isOver: Bool { isStopped ? crew == 0 : isExhausted && received == taken }

  @inlinable var mayTake: Bool { !isTaking && inFlight < capacity }

  /// A worker wants an input.
  @inlinable @inline(__always)
  mutating func turn(_ party: @autoclosure () -> Party) -> Turn {
    if isStopped || isExhausted { return .end }
    if mayTake {
      isTaking = true
      return .take
    }
    return wait(party())
  }

  @usableFromInline @inline(never)
  mutating func wait(_ party: Party) -> Turn {
    if inFlight >= capacity { isRefilling = false }
    return .wait(workers.enqueue(party))
  }

  /// A worker that was called, or has just been started, has come and wants an input.
  @usableFromInline
  mutating func arrive(_ party: Party) -> Turn {
    isCalling = false
    return turn(party)
  }

  /// Who starts workers asks whether one more could take an input; if so, that one is awaited as if it had been called.
  @usableFromInline
  mutating func needsWorker(_ party: Party) -> Turn {
    if isStopped || isExhausted { return .end }
    guard mayTake, !isCalling else { return wait(party) }
    isCalling = true
    return .take
  }

  /// The source gave an input, or had none; returns the input's index if it is to be worked on.
  @inlinable @inline(__always)
  mutating func didTake(_ hasInput: Bool, _ wakes: inout Wakes) -> Int? {
    isTaking = false
    guard hasInput, !isStopped else {
      exhaust(&wakes)
      return nil
    }
    taken &+= 1
    if !workers.isEmpty { callWorker(&wakes) }
    return taken &- 1
  }

  @usableFromInline @inline(never)
  mutating func exhaust(_ wakes: inout Wakes) {
    isExhausted = true
    decisions &+= 1
    workers.abortAll(.closed, into: &wakes)
    endReceivers(&wakes)
  }

  /// Puts the output of the item with that index where it belongs, and hands over what receivers wait for.
  @inlinable @inline(__always)
  mutating func place(_ output: Output, of index: Int, _ wakes: inout Wakes) {
    let position = order == .input ? index : finished
    finished &+= 1
    if position &- received >= ring.count { grow(toHold: position) }
    ring[position & (ring.count &- 1)] = output
    guard position == ready else { return }
    let end = min(taken, received &+ ring.count)
    repeat { ready &+= 1 } while ready < end && ring[ready & (ring.count &- 1)] != nil
    if !receivers.isEmpty, !isStopped { handOver(&wakes) }
  }

  @inlinable @inline(never)
  mutating func grow(toHold position: Int) {
    var count = ring.count * 2
    while position - received >= count { count *= 2 }
    var larger = ContiguousArray<Output?>(repeating: nil, count: count)
    for old in received..<received + ring.count {
      larger[old & (count - 1)] = ring[old & (ring.count - 1)]
    }
    ring = larger
  }

  @inlinable @inline(never)
  mutating func handOver(_ wakes: inout Wakes) {
    while received < ready, !receivers.isEmpty {
      let output = takeFirst(&wakes)
      let (ticket, wake) = receivers.grantFirst(keep: true)
      decisions &+= 1
      granted.park(output, ticket)
      wakes.add(wake)
    }
    endReceivers(&wakes)
  }

  @inlinable @inline(__always)
  mutating func takeFirst(_ wakes: inout Wakes) -> Output {
    guard let output = ring[received & (ring.count &- 1)].take() else {
      misuse("a window lost an output: please report this as a bug of Bakery")
    }
    received &+= 1
    if inFlight <= capacity / 2 { isRefilling = true }
    if !workers.isEmpty { callWorker(&wakes) }
    return output
  }

  /// Takes the next output, or a place in line when there is a `party` to wait.
  @inlinable @inline(__always)
  mutating func receive(_ party: @autoclosure () -> Party?, _ wakes: inout Wakes) -> Receipt {
    if received < ready, !isStopped { return .output(takeFirst(&wakes)) }
    if isOver { return .end }
    guard let party = party() else { return .end }
    return .wait(receivers.enqueue(party))
  }

  /// Fetches what a granted wait was given.
  @inlinable
  mutating func collect(_ ticket: Ticket) -> Output {
    receivers.finish(ticket)
    return granted.take(ticket)
  }

  /// Ends the taking of inputs; outputs that nobody received yet are not handed out any more.
  mutating func stop(_ wakes: inout Wakes) {
    isStopped = true
    decisions &+= 1
    workers.abortAll(.closed, into: &wakes)
    endReceivers(&wakes)
  }

  /// One more task belongs to the crew.
  mutating func join() {
    crew += 1
  }

  /// A task of the crew has ended.
  mutating func leave(_ wakes: inout Wakes) {
    crew -= 1
    endReceivers(&wakes)
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    waiter.ticket.isMarked ? workers.attach(waiter) : receivers.attach(waiter)
  }

  @usableFromInline
  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    ticket.isMarked ? workers.takeOutcome(ticket) : receivers.takeOutcome(ticket)
  }

  /// Ends one wait without a grant.
  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    decisions &+= 1
    return ticket.isMarked
      ? workers.abort(ticket, outcome).wake : receivers.abort(ticket, outcome).wake
  }

  @usableFromInline @inline(never)
  mutating func callWorker(_ wakes: inout Wakes) {
    guard isRefilling, mayTake, !isCalling, !isExhausted, !isStopped, !workers.isEmpty else {
      return
    }
    isCalling = true
    decisions &+= 1
    wakes.add(workers.grantFirst().wake)
  }

  @usableFromInline @inline(never)
  mutating func endReceivers(_ wakes: inout Wakes) {
    guard isOver else { return }
    decisions &+= 1
    receivers.abortAll(.closed, into: &wakes)
  }
}
