/// How a wait ended.
@usableFromInline
enum WaitOutcome: Equatable, Sendable {
  /// What was waited for belongs to the waiter; the number means what the queue's owner says.
  case granted(UInt64)
  case cancelled
  case timedOut
  case closed
  /// No release can ever satisfy the wait any more.
  case impossible

  @usableFromInline var isGranted: Bool {
    if case .granted = self { true } else { false }
  }

  /// The error of a wait for `operation` that was cancelled or ran out of time.
  @usableFromInline
  func failure(
    _ operation: StaticString,
    on identity: ObjectIdentity,
    until deadline: Deadline
  ) -> any Error {
    guard self == .timedOut else { return CancellationError() }
    return DeadlineExceeded(operation: "\(operation) on \(identity)", deadline: deadline)
  }

  /// What a granted wait was told, or the error of one that was cancelled or ran out of time.
  ///
  /// For objects that are never closed and never refuse.
  @discardableResult
  func grantedValue(
    _ operation: StaticString,
    on identity: ObjectIdentity,
    until deadline: Deadline
  ) throws -> UInt64 {
    guard case .granted(let value) = self else {
      throw failure(operation, on: identity, until: deadline)
    }
    return value
  }
}

/// Names one wait of one `WaitQueue`: a slot, how often the slot was used before, and the queue's mark.
@usableFromInline
struct Ticket: Hashable, Sendable {
  @usableFromInline let rawValue: UInt64

  @usableFromInline
  init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  fileprivate init(index: Int32, generation: UInt32, isMarked: Bool) {
    rawValue = (isMarked ? 1 << 63 : 0) | UInt64(generation) << 32 | UInt64(index)
  }

  /// Tells an owner of two queues which one the ticket is from.
  @inlinable var isMarked: Bool { rawValue >> 63 != 0 }

  /// The position of the slot; no two live tickets of a queue share it.
  @inlinable var index: Int { Int(rawValue & 0xFFFF_FFFF) }

  fileprivate var generation: UInt32 { UInt32(rawValue >> 32) & 0x7FFF_FFFF }
}

/// A task that suspends on its ticket.
@usableFromInline
struct Waiter: Sendable {
  let ticket: Ticket
  let party: Party
  let continuation: UnsafeContinuation<WaitOutcome, Never>
}

/// A decided wait whose task is to be resumed after the owner's lock is free.
@usableFromInline
struct Wake: Sendable {
  let continuation: UnsafeContinuation<WaitOutcome, Never>
  let outcome: WaitOutcome

  @usableFromInline
  func fire() { continuation.resume(returning: outcome) }
}

/// The queue under everything that waits: first come, first served, O(1) at both ends and in the middle.
///
/// A pure structure without a lock; its owner guards it. A wait goes through these states:
/// ```
///              grant / abort                    finish
///   waiting ───────────────────► decided ─────────────────► free
///      │                            ▲
///      │ attach                     │ attach: the outcome is returned, nobody suspends
///      ▼                            │
///   waiting with continuation ──────┘ grant / abort: a Wake is returned, to be fired after unlock
/// ```
/// A waiter takes its place in line *before* it suspends, so the order is that of the calls, and a grant or
/// a cancellation that comes in between finds it. Exactly one decision wins; later ones find nothing.
/// Slots live in one array that grows to the largest number of simultaneous waiters: no allocation a wait.
@usableFromInline
struct WaitQueue: Sendable {
  private enum Phase: Sendable {
    case free, waiting, decided
  }

  private struct Slot: Sendable {
    var next: Int32 = -1
    var previous: Int32 = -1
    var generation: UInt32 = 0
    var phase = Phase.free
    /// Whether the owner frees the slot with `finish` once it is decided, because it keeps data beside it.
    var isKept = false
    /// Which clause of a select waits here, or -1 for a task that waits for this alone.
    var clause: Int32 = -1
    var count = 0
    var outcome = WaitOutcome.cancelled
    var continuation: UnsafeContinuation<WaitOutcome, Never>?
  }

  private let marksTickets: Bool
  private var slots: ContiguousArray<Slot> = []
  /// Who waits in each slot; beside the slots, because leaving the line touches three slots but no party.
  private var names: ContiguousArray<Party> = []
  /// The claim of the select that waits in each slot; no longer than selects have needed it.
  private var claims: ContiguousArray<SelectClaim?> = []
  private var tail: Int32 = -1
  private var free: Int32 = -1
  /// The first waiter's slot, or -1.
  @usableFromInline private(set) var front: Int32 = -1
  private(set) var waiting = 0

  /// An empty line; `marked` sets the mark of its tickets.
  init(marked: Bool = false) {
    marksTickets = marked
  }

  @inlinable var isEmpty: Bool { front < 0 }

  /// What the first waiter asks for.
  var firstCount: Int? { front < 0 ? nil : slots[Int(front)].count }

  /// Who the first waiter is.
  var firstParty: Party? { front < 0 ? nil : party(at: Int(front)) }

  /// Resumes the first waiter if it has suspended, and decides nothing: it keeps its place, and comes to attach again.
  mutating func callFirst(_ value: UInt64) -> (ticket: Ticket, wake: Wake)? {
    guard front >= 0, let continuation = slots[Int(front)].continuation else { return nil }
    slots[Int(front)].continuation = nil
    return (ticket(of: front), Wake(continuation: continuation, outcome: .granted(value)))
  }

  /// The place of the first waiter.
  var firstTicket: Ticket? { front < 0 ? nil : ticket(of: front) }

  /// Who waits with that ticket, as far as is known yet.
  func party(of ticket: Ticket) -> Party { party(at: ticket.index) }

  private func party(at slot: Int) -> Party {
    let party = names[slot]
    guard slots[slot].clause >= 0, let claim = claims[slot] else { return party }
    return claim.party.asking(party.operation, count: party.count)
  }

  /// The waiters in line, first to last.
  var parties: [Party] {
    var result: [Party] = []
    var index = front
    while index >= 0 {
      result.append(party(at: Int(index)))
      index = slots[Int(index)].next
    }
    return result
  }

  /// Takes a place at the end of the line, for a task or for a clause of its select; `count` is the party's if not said.
  @usableFromInline
  mutating func enqueue(_ party: Party, count: Int? = nil, for clause: SelectEntry? = nil) -> Ticket
  {
    let index = makeSlot(party, count ?? party.count)
    if let clause { claim(index, for: clause) }
    slots[Int(index)].previous = tail
    if tail >= 0 { slots[Int(tail)].next = index } else { front = index }
    tail = index
    waiting += 1
    return ticket(of: index)
  }

  /// Stores who waits and how to resume it; returns the outcome instead when it is decided already.
  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    if let outcome = takeOutcome(waiter.ticket) { return outcome }
    slots[waiter.ticket.index].continuation = waiter.continuation
    names[waiter.ticket.index] = waiter.party
    return nil
  }

  /// Ends a wait that was decided before anybody attached to it; `nil` while it is undecided.
  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    let index = ticket.index
    guard slots[index].phase == .decided else { return nil }
    let outcome = slots[index].outcome
    if !slots[index].isKept { release(Int32(index)) }
    return outcome
  }

  /// Makes sure of the first wait that can be granted, which the caller then grants under the same lock.
  ///
  /// The wait of a select has to be won, because another object may grant that select right now. Waits of selects
  /// that were decided elsewhere leave the line here. If a select asks, with `own`, both are won or none, and its
  /// own waits are passed over; `nil` also means that it was decided meanwhile.
  mutating func win(for own: SelectEntry? = nil) -> Ticket? {
    var index = front
    while index >= 0 {
      let following = slots[Int(index)].next
      switch contest(index, for: own) {
      case .won: return ticket(of: index)
      case .lost: unlink(index, .cancelled, keep: true)
      case .ownLost: return nil
      case .own: break
      }
      index = following
    }
    return nil
  }

  /// Makes sure of the first wait; if a select waits there that was decided elsewhere, takes it out of the line.
  mutating func winFirst() -> Bool {
    guard contest(front, for: nil) != .won else { return true }
    unlink(front, .cancelled, keep: true)
    return false
  }

  /// Decides the first wait; the caller has checked that there is one, and won it if a select may wait here.
  @usableFromInline
  mutating func grantFirst(_ value: UInt64 = 0, keep: Bool = false) -> (ticket: Ticket, wake: Wake?)
  {
    let ticket = ticket(of: front)
    return (ticket, decide(front, .granted(value), keep: keep))
  }

  /// Decides a wait that was won.
  mutating func grant(_ ticket: Ticket, _ value: UInt64 = 0, keep: Bool = false) -> Wake? {
    decide(Int32(ticket.index), .granted(value), keep: keep)
  }

  /// Decides a wait that is still undecided; `found` is false when something else was faster.
  mutating func abort(
    _ ticket: Ticket,
    _ outcome: WaitOutcome,
    keep: Bool = false
  ) -> (found: Bool, wake: Wake?) {
    let index = ticket.index
    guard index < slots.count, slots[index].generation == ticket.generation else {
      return (false, nil)
    }
    guard slots[index].phase == .waiting else { return (false, nil) }
    return (true, decide(Int32(index), outcome, keep: keep))
  }

  /// Decides all waits, or those whose count is above `limit`.
  mutating func abortAll(
    _ outcome: WaitOutcome,
    above limit: Int = -1,
    keep: Bool = false,
    into wakes: inout Wakes
  ) {
    var index = front
    while index >= 0 {
      let following = slots[Int(index)].next
      if slots[Int(index)].count > limit {
        if contest(index, for: nil) == .won {
          wakes.add(decide(index, outcome, keep: keep))
        } else {
          unlink(index, .cancelled, keep: true)
        }
      }
      index = following
    }
  }

  /// Frees a slot that was kept.
  @usableFromInline
  mutating func finish(_ ticket: Ticket) {
    release(Int32(ticket.index))
  }

  /// Ends the wait of a select's clause, whether it went through or not, and frees its slot.
  mutating func leave(_ ticket: Ticket) {
    if slots[ticket.index].phase == .waiting {
      unlink(Int32(ticket.index), .cancelled, keep: true)
    }
    release(Int32(ticket.index))
  }

  private mutating func decide(_ index: Int32, _ outcome: WaitOutcome, keep: Bool) -> Wake? {
    let slot = Int(index)
    guard slots[slot].clause < 0 else {
      // A select frees its slots itself, after it has heard.
      unlink(index, outcome, keep: true)
      return claims[slot]?.decide(outcome)
    }
    unlink(index, outcome, keep: keep)
    guard let continuation = slots[slot].continuation else { return nil }
    if !keep { release(index) }
    return Wake(continuation: continuation, outcome: outcome)
  }

  private mutating func unlink(_ index: Int32, _ outcome: WaitOutcome, keep: Bool) {
    let slot = Int(index)
    let (next, previous) = (slots[slot].next, slots[slot].previous)
    if previous >= 0 { slots[Int(previous)].next = next } else { front = next }
    if next >= 0 { slots[Int(next)].previous = previous } else { tail = previous }
    waiting -= 1
    slots[slot].phase = .decided
    slots[slot].isKept = keep
    slots[slot].outcome = outcome
  }

  /// Wins the slot for whoever asks; a task that waits for this alone is always to be had.
  private func contest(_ index: Int32, for own: SelectEntry?) -> SelectEntry.Contest {
    let slot = Int(index)
    guard slots[slot].clause >= 0, let claim = claims[slot] else {
      return own.wins() ? .won : .ownLost
    }
    return SelectEntry(claim, Int(slots[slot].clause)).contest(for: own)
  }

  private mutating func claim(_ index: Int32, for clause: SelectEntry) {
    while claims.count <= index { claims.append(nil) }
    claims[Int(index)] = clause.claim
    slots[Int(index)].clause = Int32(clause.number)
  }

  private func ticket(of index: Int32) -> Ticket {
    let generation = slots[Int(index)].generation
    return Ticket(index: index, generation: generation, isMarked: marksTickets)
  }

  private mutating func makeSlot(_ party: Party, _ count: Int) -> Int32 {
    guard free >= 0 else {
      slots.append(Slot(phase: .waiting, count: count))
      names.append(party)
      return Int32(slots.count - 1)
    }
    let index = free
    let slot = Int(index)
    free = slots[slot].next
    slots[slot].next = -1
    slots[slot].phase = .waiting
    slots[slot].count = count
    names[slot] = party
    return index
  }

  private mutating func release(_ index: Int32) {
    let slot = Int(index)
    slots[slot].generation = (slots[slot].generation &+ 1) & 0x7FFF_FFFF
    slots[slot].phase = .free
    slots[slot].continuation = nil
    if slots[slot].clause >= 0 {
      slots[slot].clause = -1
      claims[slot] = nil
    }
    slots[slot].next = free
    free = index
  }
}

/// The tasks to resume once the lock is free; the usual one needs no allocation.
@usableFromInline
struct Wakes: Sendable {
  @usableFromInline var first: Wake?
  @usableFromInline var others: [Wake] = []

  @inlinable init() {}

  @usableFromInline
  mutating func add(_ wake: Wake?) {
    guard let wake else { return }
    if first == nil { first = wake } else { others.append(wake) }
  }

  /// Resumes all, in the order in which they were added.
  @inlinable @inline(__always)
  func fire() {
    guard let first else { return }
    first.fire()
    for wake in others { wake.fire() }
  }
}
