/// The decisions of `AsyncRWLock`: pure, without a lock, a clock or a task.
///
/// Phases of readers and of single writers take turns while both wait:
/// ```
///                last reader leaves, a writer waits
///   readers in ─────────────────────────────────────► writer in
///       ▲                                              │    ▲
///       │ writer leaves: all readers that wait go in   │    │ writer leaves, no reader waits
///       └──────────────────────────────────────────────┘    └── the next writer
/// ```
/// A reader that comes while a writer waits, waits. So a reader waits for at most one writer, and a writer for at most
/// one phase of readers between two writers.
///
/// Algorithm: phase-fair locks (Brandenburg, Anderson, *Spin-Based Reader-Writer Synchronization for Multiprocessor
/// Real-Time Systems*, Real-Time Systems 46, 2010), with suspension in place of spinning.
///
/// Invariant: nobody reads while somebody writes.
/// Invariant: while a reader waits, a writer is in or waits; while a writer waits, somebody is in.
struct RWLockState: WordState, Sendable {
  enum Access: Sendable {
    case read, write
  }

  enum Admission: Equatable {
    case granted(token: UInt64)
    case wait(Ticket)
  }

  var readers = 0
  var isWriting = false
  private(set) var waitingReaders = WaitQueue()
  private(set) var waitingWriters = WaitQueue(marked: true)
  private var holders = RecordedHolders()

  /// Readers times four, plus two while a writer is in.
  var word: Int {
    get { readers << 2 | (isWriting ? 2 : 0) }
    set {
      readers = newValue >> 2
      isWriting = newValue & 2 != 0
    }
  }

  var needsAttention: Bool { !waitingWriters.isEmpty || !waitingReaders.isEmpty }

  var waiting: Int { waitingReaders.waiting + waitingWriters.waiting }

  var recordedHolders: [Party] { holders.parties }

  /// Lets in at once whom nobody in or before it keeps out.
  mutating func tryLock(_ access: Access, _ party: Party, recordsHolder: Bool) -> UInt64? {
    switch access {
    case .read:
      guard !isWriting, waitingWriters.isEmpty else { return nil }
      readers += 1
    case .write:
      guard !isWriting, readers == 0 else { return nil }
      isWriting = true
    }
    return recordsHolder ? holders.record(party) : 0
  }

  /// Lets in, or gives a place in the line for that kind of access.
  mutating func lock(_ access: Access, _ party: Party, recordsHolder: Bool) -> Admission {
    if let token = tryLock(access, party, recordsHolder: recordsHolder) {
      return .granted(token: token)
    }
    switch access {
    case .read: return .wait(waitingReaders.enqueue(party))
    case .write: return .wait(waitingWriters.enqueue(party))
    }
  }

  /// Lets go of one access, and begins the next phase if that ends one.
  mutating func unlock(_ access: Access, token: UInt64, recordingAt now: Deadline?) -> Wakes {
    holders.remove(token)
    var wakes = Wakes()
    switch access {
    case .read:
      readers -= 1
    case .write:
      isWriting = false
      admitReaders(recordingAt: now, into: &wakes)
    }
    if readers == 0 { admitWriter(recordingAt: now, into: &wakes) }
    return wakes
  }

  /// Ends a wait without a grant; readers that stood behind the last writer that waits go in.
  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome, recordingAt now: Deadline?) -> Wakes
  {
    var wakes = Wakes()
    guard ticket.isMarked else {
      wakes.add(waitingReaders.abort(ticket, outcome).wake)
      return wakes
    }
    wakes.add(waitingWriters.abort(ticket, outcome).wake)
    if !isWriting, waitingWriters.isEmpty { admitReaders(recordingAt: now, into: &wakes) }
    return wakes
  }

  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? {
    ticket.isMarked ? waitingWriters.takeOutcome(ticket) : waitingReaders.takeOutcome(ticket)
  }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? {
    waiter.ticket.isMarked ? waitingWriters.attach(waiter) : waitingReaders.attach(waiter)
  }

  private mutating func admitReaders(recordingAt now: Deadline?, into wakes: inout Wakes) {
    while let party = waitingReaders.firstParty {
      readers += 1
      let token = now.map { holders.record(party.holding(since: $0)) }
      wakes.add(waitingReaders.grantFirst(token ?? 0).wake)
    }
  }

  private mutating func admitWriter(recordingAt now: Deadline?, into wakes: inout Wakes) {
    guard let party = waitingWriters.firstParty else { return }
    isWriting = true
    let token = now.map { holders.record(party.holding(since: $0)) }
    wakes.add(waitingWriters.grantFirst(token ?? 0).wake)
  }
}
