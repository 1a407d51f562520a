/// The part of a channel that does not depend on the element: lock, decisions, waiting.
// Safe because `state` is touched only under `lock`.
@usableFromInline
class ChannelGate: WaitOwner, Traceable, @unchecked Sendable {
  @usableFromInline let identity: ObjectIdentity
  @usableFromInline let lock = Lock()
  /// Behind a pointer, so that inlined fast paths pay no exclusivity checks; owned by this object.
  @usableFromInline let state: UnsafeMutablePointer<ChannelState>
  private let registration = Registration()
  @usableFromInline let spinner = Spinner()
  /// Whether an element can be sent or received with nobody to tell; without a buffer each one is a meeting.
  @usableFromInline let hasBuffer: Bool

  @usableFromInline
  init(capacity: Int, identity: ObjectIdentity) {
    require(
      capacity >= 0 && capacity <= Int(Int32.max),
      "Channel needs a capacity of 0 to \(Int32.max), got \(capacity)"
    )
    self.identity = identity
    hasBuffer = capacity > 0
    state = .allocate(capacity: 1)
    state.initialize(to: ChannelState(capacity: capacity))
    if identity.name != nil { registration.ensure(self) }
  }

  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
  }

  @usableFromInline
  func close() {
    var wakes = Wakes()
    lock.lock()
    let isFirst = state.pointee.close(into: &wakes)
    spinner.didDecide()
    lock.unlock()
    wakes.fire()
    if isFirst { Trace.record(.closed, identity) }
  }

  /// Whether no element will come out any more.
  var isFinished: Bool {
    lock.lock()
    defer { lock.unlock() }
    return state.pointee.isClosed && state.pointee.buffered == 0
  }

  @usableFromInline
  func attach(_ waiter: Waiter) -> WaitOutcome? {
    lock.lock()
    defer { lock.unlock() }
    return state.pointee.attach(waiter)
  }

  @usableFromInline
  func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    lock.lock()
    let wake = state.pointee.abort(ticket, outcome)
    spinner.didDecide()
    lock.unlock()
    wake?.fire()
  }

  /// Whether a sender would find room, a receiver or the end right now.
  @usableFromInline final var canSend: Bool {
    lock.lock()
    defer { lock.unlock() }
    return state.pointee.canSend
  }

  @usableFromInline
  func snapshot() -> Snapshot {
    lock.lock()
    let state = state.pointee
    lock.unlock()
    return Snapshot(
      of: identity,
      figures: [
        "capacity": state.capacity,
        "buffered": state.buffered,
        "reserved": state.reserved,
        "senders waiting": state.senders.waiting,
        "receivers waiting": state.receivers.waiting,
        "closed": state.isClosed ? 1 : 0,
      ],
      waiters: state.senders.parties + state.receivers.parties
    )
  }

  /// A task is in line and will wait now.
  @usableFromInline
  func willWait() {
    registration.ensure(self)
    Trace.record(.waiting, identity)
  }
}

/// Where the elements are; touched only under the gate's lock.
@usableFromInline
struct ChannelStorage<Element: Sendable> {
  /// A ring of a power of two of places that grows up to the channel's capacity.
  @usableFromInline var ring: UnsafeMutablePointer<Element>
  @usableFromInline var places: Int
  @usableFromInline var head = 0
  @usableFromInline var fromSenders = ParkedElements<Element>()
  @usableFromInline var forReceivers = ParkedElements<Element>()

  @inlinable
  init() {
    places = 16
    ring = .allocate(capacity: places)
  }

  @inlinable @inline(__always)
  mutating func append(_ element: Element, after buffered: Int) {
    if buffered == places { grow() }
    (ring + ((head &+ buffered) & (places &- 1))).initialize(to: element)
  }

  @inlinable @inline(__always)
  mutating func takeFirst() -> Element {
    let element = (ring + head).move()
    head = (head &+ 1) & (places &- 1)
    return element
  }

  @inlinable @inline(never)
  mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: places * 2)
    let untilEnd = places - head
    larger.moveInitialize(from: ring + head, count: untilEnd)
    (larger + untilEnd).moveInitialize(from: ring, count: head)
    ring.deallocate()
    ring = larger
    places *= 2
    head = 0
  }
}

/// Elements in transit, by the slot of the task that waits to send or was granted one to receive.
@usableFromInline
struct ParkedElements<Element: Sendable> {
  @usableFromInline var elements: ContiguousArray<Element?> = []

  @inlinable
  init() {}

  @inlinable
  mutating func park(_ element: Element, _ ticket: Ticket) {
    while elements.count <= ticket.index { elements.append(nil) }
    elements[ticket.index] = element
  }

  @inlinable
  mutating func takeIfThere(_ ticket: Ticket) -> Element? {
    ticket.index < elements.count ? elements[ticket.index].take() : nil
  }

  @inlinable
  mutating func take(_ ticket: Ticket) -> Element {
    guard let element = takeIfThere(ticket) else {
      misuse("Channel lost an element of a granted wait: please report this as a bug of Bakery")
    }
    return element
  }
}

/// A channel: the gate's decisions, carried out on the elements.
// Safe because `storage` is touched only under the gate's `lock`.
@usableFromInline
final class ChannelCore<Element: Sendable>: ChannelGate, @unchecked Sendable {
  @usableFromInline let storage: UnsafeMutablePointer<ChannelStorage<Element>>

  @inlinable
  override init(capacity: Int, identity: ObjectIdentity) {
    storage = .allocate(capacity: 1)
    storage.initialize(to: ChannelStorage())
    super.init(capacity: capacity, identity: identity)
  }

  @inlinable
  deinit {
    for _ in 0..<state.pointee.buffered { _ = storage.pointee.takeFirst() }
    storage.pointee.ring.deallocate()
    storage.deinitialize(count: 1)
    storage.deallocate()
  }

  @inlinable @inline(__always)
  func sendFast(_ element: Element) -> Bool {
    guard hasBuffer, Mode.isPlain else { return false }
    lock.lockFast()
    guard state.pointee.hasRoomOnly else {
      lock.unlock()
      return false
    }
    storage.pointee.append(element, after: state.pointee.buffered)
    state.pointee.buffered &+= 1
    lock.unlock()
    return true
  }

  @inlinable @inline(__always)
  func receiveFast() -> Element? {
    guard hasBuffer, Mode.isPlain else { return nil }
    lock.lockFast()
    guard state.pointee.hasElementsOnly else {
      lock.unlock()
      return nil
    }
    state.pointee.buffered &-= 1
    let element = storage.pointee.takeFirst()
    lock.unlock()
    return element
  }

  /// Takes up to `count` elements that nobody has to be told about, under one lock.
  @inlinable
  func receiveFast(upTo count: Int, into elements: inout [Element]) {
    guard Mode.isPlain else { return }
    lock.lockFast()
    if state.pointee.hasElementsOnly {
      let taken = min(count, state.pointee.buffered)
      for _ in 0..<taken { elements.append(storage.pointee.takeFirst()) }
      state.pointee.buffered &-= taken
    }
    lock.unlock()
  }

  /// Puts the element in, in place of the oldest one if the buffer is full; returns what was left out.
  @inlinable @inline(never)
  func sendDroppingOldest(_ element: Element) -> (isClosed: Bool, dropped: Element?) {
    lock.lock()
    let step = state.pointee.sendDroppingOldest()
    var dropped: Element?
    var receiver: Wake?
    switch step {
    case .buffer: storage.pointee.append(element, after: state.pointee.buffered &- 1)
    case .replaceFirst:
      dropped = storage.pointee.takeFirst()
      storage.pointee.append(element, after: state.pointee.buffered &- 1)
    case .handOff(let ticket, let wake):
      storage.pointee.forReceivers.park(element, ticket)
      receiver = wake
      spinner.didDecide()
    case .full, .wait: dropped = element
    case .closed, .lost: break
    }
    lock.unlock()
    receiver?.fire()
    if case .closed = step { return (true, nil) }
    Trace.record(.sent, identity)
    return (false, dropped)
  }

  /// Sends at once, or takes a place in line when there is a `party` to wait, or says why not.
  @inlinable @inline(never)
  func sendSlowly(
    _ element: Element,
    _ party: Party?,
    for entry: SelectEntry? = nil
  ) -> ChannelState.SendStep {
    lock.lock()
    let step = state.pointee.send(party, for: entry)
    switch step {
    case .buffer: storage.pointee.append(element, after: state.pointee.buffered &- 1)
    case .handOff(let receiver, _):
      storage.pointee.forReceivers.park(element, receiver)
      spinner.didDecide()
    case .wait(let ticket): storage.pointee.fromSenders.park(element, ticket)
    case .replaceFirst, .full, .closed, .lost: break
    }
    lock.unlock()
    switch step {
    case .buffer: Trace.record(.sent, identity)
    case .handOff(_, let wake):
      Trace.record(.sent, identity)
      wake?.fire()
    case .replaceFirst, .wait, .full, .closed, .lost: break
    }
    return step
  }

  /// Receives at once, or takes a place in line when there is a `party` to wait, or says why not.
  @inlinable @inline(never)
  func receiveSlowly(
    _ party: Party?,
    for entry: SelectEntry? = nil
  ) -> (Element?, ChannelState.ReceiveStep) {
    lock.lock()
    return receiveLocked(party, for: entry)
  }

  /// Takes an element or hears of the end, if that needs no wait.
  @inlinable @inline(__always)
  func receiveNow() -> Element?? {
    lock.lock()
    guard state.pointee.canReceive else {
      lock.unlock()
      return nil
    }
    let (element, step) = receiveLocked(nil, for: nil)
    // Who was there may have been a select that was decided elsewhere.
    if case .empty = step { return nil }
    return .some(element)
  }

  /// The same under the lock, which is free afterwards.
  @inlinable @inline(never)
  func receiveLocked(
    _ party: Party?,
    for entry: SelectEntry?
  ) -> (Element?, ChannelState.ReceiveStep) {
    let step = state.pointee.receive(party, for: entry)
    var element: Element?
    var sender: Wake?
    switch step {
    case .take: element = storage.pointee.takeFirst()
    case .takeAndRefill(let ticket, let wake):
      element = storage.pointee.takeFirst()
      let next = storage.pointee.fromSenders.take(ticket)
      storage.pointee.append(next, after: state.pointee.buffered &- 1)
      sender = wake
      spinner.didDecide()
    case .takeAndReserve(let wake):
      element = storage.pointee.takeFirst()
      sender = wake
      spinner.didDecide()
    case .meet(let ticket, let wake):
      element = storage.pointee.fromSenders.take(ticket)
      sender = wake
      spinner.didDecide()
    case .wait, .empty, .closed, .lost: break
    }
    lock.unlock()
    if element != nil { Trace.record(.received, identity) }
    sender?.fire()
    return (element, step)
  }

  /// Waits to be granted room or a receiver.
  @inlinable @inline(__always)
  func waitToSend(
    _ ticket: Ticket,
    _ operation: StaticString = "send",
    until deadline: Deadline,
    since seen: Int
  ) async -> WaitOutcome {
    willWait()
    let early = spinner.outcome(since: seen) {
      lock.lock()
      defer { lock.unlock() }
      return state.pointee.takeOutcome(ticket)
    }
    if let early { return early }
    return await suspend(ticket, as: .current(operation), until: deadline)
  }

  /// Waits to be granted an element, and fetches it.
  @inlinable @inline(__always)
  func waitToReceive(
    _ ticket: Ticket,
    until deadline: Deadline,
    since seen: Int
  ) async -> (WaitOutcome, Element?) {
    willWait()
    var outcome: WaitOutcome?
    var element: Element?
    spinner.look(since: seen) {
      lock.lock()
      defer { lock.unlock() }
      outcome = state.pointee.takeOutcome(ticket)
      if case .granted? = outcome { element = collect(ticket) }
      return outcome != nil
    }
    if let outcome { return (outcome, element) }
    let late = await suspend(ticket, as: .current("receive"), until: deadline)
    guard case .granted = late else { return (late, nil) }
    lock.lock()
    defer { lock.unlock() }
    return (late, collect(ticket))
  }

  /// Fetches what a granted wait was given; called under the lock.
  @inlinable
  func collect(_ ticket: Ticket) -> Element {
    state.pointee.receivers.finish(ticket)
    return storage.pointee.forReceivers.take(ticket)
  }

  /// Fetches back what a wait that ended without a grant had offered.
  @inlinable
  func withdraw(_ ticket: Ticket) -> Element {
    lock.lock()
    defer { lock.unlock() }
    state.pointee.senders.finish(ticket)
    return storage.pointee.fromSenders.take(ticket)
  }
}

/// What a select does after one of its clauses was decided.
extension ChannelCore {
  /// Takes a receiver out of the line; what it was granted, if it was.
  @inlinable
  func leave(_ ticket: Ticket, _ outcome: WaitOutcome) -> Element? {
    lock.lock()
    defer { lock.unlock() }
    state.pointee.leave(ticket)
    return outcome.isGranted ? storage.pointee.forReceivers.take(ticket) : nil
  }

  /// Takes a sender out of the line, and lets go of the element that it had parked unless that was granted.
  @inlinable
  func leave(_ ticket: Ticket) {
    lock.lock()
    state.pointee.leave(ticket)
    let parked = storage.pointee.fromSenders.takeIfThere(ticket)
    lock.unlock()
    withExtendedLifetime(parked) {}
  }
}
