/// The part of a broadcast that does not depend on the element: lock, decisions, waiting.
// Safe because `state` and `spare` are touched only under `lock`.
@usableFromInline
class BroadcastGate: WaitOwner, Traceable, @unchecked Sendable {
  @usableFromInline let identity: ObjectIdentity
  @usableFromInline let lock = Lock()
  /// Behind a pointer, so that inlined fast paths pay no exclusivity checks; owned by this object.
  @usableFromInline let state: UnsafeMutablePointer<BroadcastState>
  /// An empty array for the next batch of wakes.
  private var spare = WakeBatch()
  private let registration = Registration()
  @usableFromInline let spinner = Spinner()

  @usableFromInline
  init(capacity: Int, identity: ObjectIdentity) {
    require(
      capacity >= 1 && capacity <= Int(Int32.max),
      "Broadcast needs a capacity of 1 to \(Int32.max), got \(capacity)"
    )
    self.identity = identity
    state = .allocate(capacity: 1)
    state.initialize(to: BroadcastState(capacity: capacity))
    if identity.name != nil { registration.ensure(self) }
  }

  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
  }

  final func subscribe() -> Int {
    lock.lock()
    defer { lock.unlock() }
    return state.pointee.subscribe()
  }

  @usableFromInline
  final func close() {
    lock.lock()
    let isFirst = state.pointee.close()
    var batch = batchLocked()
    lock.unlock()
    fire(&batch)
    if isFirst { Trace.record(.closed, identity) }
  }

  /// The wakes of all who wait; called under the lock, to be given to `fire` after it.
  @usableFromInline
  final func batchLocked() -> WakeBatch {
    var batch = WakeBatch()
    guard !state.pointee.queue.isEmpty else { return batch }
    swap(&batch, &spare)
    state.pointee.wakeAll(into: &batch)
    spinner.didDecide()
    return batch
  }

  /// Resumes them, and keeps the array for the next time.
  @usableFromInline
  final func fire(_ batch: inout WakeBatch) {
    guard batch.hasRoom else { return }
    batch.fire()
    lock.lock()
    spare.keepLarger(&batch)
    lock.unlock()
  }

  @usableFromInline
  final func attach(_ waiter: Waiter) -> WaitOutcome? {
    lock.lock()
    defer { lock.unlock() }
    return state.pointee.attach(waiter)
  }

  @usableFromInline
  final func abort(_ ticket: Ticket, _ outcome: WaitOutcome) {
    lock.lock()
    let wake = state.pointee.abort(ticket, outcome)
    spinner.didDecide()
    lock.unlock()
    wake?.fire()
  }

  /// Waits until there is something to look at.
  @inlinable @inline(__always)
  final func wait(_ ticket: Ticket, until deadline: Deadline, since seen: Int) async throws {
    willWait()
    let early = spinner.outcome(since: seen) {
      lock.lock()
      defer { lock.unlock() }
      return state.pointee.takeOutcome(ticket)
    }
    let outcome =
      if let early { early } else {
        await suspend(ticket, as: .current("receive"), until: deadline)
      }
    if !outcome.isGranted { throw failure(outcome, until: deadline) }
  }

  /// A task is in line and will wait now.
  @usableFromInline
  final func willWait() {
    registration.ensure(self)
    Trace.record(.waiting, identity)
  }

  @usableFromInline
  final func failure(_ outcome: WaitOutcome, until deadline: Deadline) -> any Error {
    Trace.record(.gaveUp, identity)
    return outcome.failure("receive", on: identity, until: deadline)
  }

  @usableFromInline
  final func snapshot() -> Snapshot {
    lock.lock()
    let state = state.pointee
    lock.unlock()
    return Snapshot(
      of: identity,
      figures: [
        "capacity": state.capacity,
        "buffered": state.tail - state.head,
        "sent": state.tail,
        "receivers": state.receivers,
        "waiting": state.queue.waiting,
        "closed": state.isClosed ? 1 : 0,
      ],
      waiters: state.queue.parties
    )
  }
}

/// Where the elements of a broadcast are; touched only under the gate's lock.
@usableFromInline
struct BroadcastStorage<Element: Sendable> {
  /// A ring of as many places as `BroadcastState.standing` has.
  @usableFromInline var ring: UnsafeMutablePointer<Element>
  @usableFromInline var places: Int

  @inlinable
  init(places: Int) {
    self.places = places
    ring = .allocate(capacity: places)
  }

  @inlinable @inline(__always)
  func place(_ position: Int) -> UnsafeMutablePointer<Element> { ring + (position & (places &- 1)) }

  /// Becomes as large as the state says; `kept` are the positions that hold an element.
  @inlinable @inline(never)
  mutating func grow(to count: Int, keeping kept: Range<Int>) {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: count)
    for position in kept {
      (larger + (position & (count - 1))).initialize(to: place(position).move())
    }
    ring.deallocate()
    ring = larger
    places = count
  }
}

/// A broadcast: the gate's decisions, carried out on the elements.
// Safe because `storage` is touched only under the gate's `lock`.
@usableFromInline
final class BroadcastCore<Element: Sendable>: BroadcastGate, @unchecked Sendable {
  @usableFromInline let storage: UnsafeMutablePointer<BroadcastStorage<Element>>

  @inlinable
  override init(capacity: Int, identity: ObjectIdentity) {
    storage = .allocate(capacity: 1)
    super.init(capacity: capacity, identity: identity)
    storage.initialize(to: BroadcastStorage(places: state.pointee.places))
  }

  @inlinable
  deinit {
    // The receivers are gone, and with the last of them went the elements.
    storage.pointee.ring.deallocate()
    storage.deinitialize(count: 1)
    storage.deallocate()
  }

  @inlinable @inline(__always)
  func sendFast(_ element: Element) -> Int? {
    guard Mode.isPlain else { return nil }
    lock.lockFast()
    guard state.pointee.canStoreQuietly else {
      lock.unlock()
      return nil
    }
    storage.pointee.place(state.pointee.tail).initialize(to: element)
    state.pointee.tail &+= 1
    let receivers = state.pointee.receivers
    lock.unlock()
    return receivers
  }

  /// Sends, lets go of what is overwritten, and wakes all who wait.
  @inlinable @inline(never)
  func sendSlowly(_ element: Element) -> (BroadcastState.SendStep, receivers: Int) {
    lock.lock()
    let step = state.pointee.send()
    let receivers = state.pointee.receivers
    var old: Element?
    switch step {
    case .store(let position):
      if storage.pointee.places != state.pointee.places {
        storage.pointee.grow(to: state.pointee.places, keeping: state.pointee.head..<position)
      }
      storage.pointee.place(position).initialize(to: element)
    case .overwrite(let position):
      old = storage.pointee.place(position - state.pointee.capacity).move()
      storage.pointee.place(position).initialize(to: element)
    case .nobody, .closed: break
    }
    var batch = batchLocked()
    lock.unlock()
    withExtendedLifetime(old) {}
    switch step {
    case .store, .overwrite: Trace.record(.sent, identity)
    case .nobody, .closed: break
    }
    fire(&batch)
    return (step, receivers)
  }

  @inlinable @inline(__always)
  func receiveFast(at cursor: UnsafeMutablePointer<Int>) -> Element? {
    guard Mode.isPlain else { return nil }
    lock.lockFast()
    let position = cursor.pointee
    guard position >= state.pointee.head, position < state.pointee.tail else {
      lock.unlock()
      return nil
    }
    let place = storage.pointee.place(position)
    let element = state.pointee.pass(&cursor.pointee) ? place.move() : place.pointee
    lock.unlock()
    return element
  }

  /// Receives at once, or takes a place in line when there is a `party` to wait, or says why not.
  @inlinable @inline(never)
  func receiveSlowly(
    at cursor: UnsafeMutablePointer<Int>,
    _ party: Party?
  ) -> (Element?, BroadcastState.ReceiveStep) {
    lock.lock()
    let step = state.pointee.receive(at: &cursor.pointee, party)
    let element: Element? =
      switch step {
      case .take(let position): storage.pointee.place(position).move()
      case .copy(let position): storage.pointee.place(position).pointee
      case .lagged, .wait, .empty, .closed: nil
      }
    lock.unlock()
    if element != nil { Trace.record(.received, identity) }
    return (element, step)
  }

  /// Whether nothing will come at that cursor any more.
  @inlinable
  func isFinished(at cursor: UnsafeMutablePointer<Int>) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return state.pointee.isClosed && cursor.pointee == state.pointee.tail
  }

  /// Ends a receiver and lets go, after the unlock, of the elements that only it had not passed.
  @inlinable
  func unsubscribe(at cursor: UnsafeMutablePointer<Int>) {
    lock.lock()
    let positions = state.pointee.unsubscribe(at: cursor.pointee)
    let elements = positions.map { storage.pointee.place($0).move() }
    lock.unlock()
    withExtendedLifetime(elements) {}
  }
}
