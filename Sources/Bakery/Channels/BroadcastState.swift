/// The decisions of `Broadcast`: what is kept, where each receiver stands, who waits.
///
/// Elements have positions, counted from 0 as they are sent; those at `head..<tail` are kept. A receiver's cursor is
/// the position that it reads next. `standing` counts for each position the receivers whose cursor is there, so that
/// the end of a receiver, like each of its reads, need not visit what it has not read:
/// ```
///            head                    tail
///   kept      a     b     c     d     ·
///   standing  1     0     2     0     3        a is let go when the one that stands there passes it
/// ```
/// Invariant: receivers whose cursor is before `head` missed elements; they are counted at `head`.
/// Invariant: if anything is kept, somebody stands at `head`: what all have passed is let go at once.
/// Invariant: a receiver waits only while its cursor is at `tail`. After `close` nobody waits.
@usableFromInline
struct BroadcastState: Sendable {
  @usableFromInline
  enum SendStep: Sendable {
    /// Store the element at this position.
    case store(Int)
    /// Take the element out that is `capacity` positions earlier, then store.
    case overwrite(Int)
    case nobody
    case closed
  }

  @usableFromInline
  enum ReceiveStep: Sendable {
    /// Copy the element at this position.
    case copy(Int)
    /// Take the element at this position out: everybody has passed it.
    case take(Int)
    /// The cursor went over so many elements that are not kept any more.
    case lagged(Int)
    case wait(Ticket)
    case empty
    case closed
  }

  @usableFromInline let capacity: Int
  @usableFromInline var head = 0
  @usableFromInline var tail = 0
  @usableFromInline private(set) var receivers = 0
  @usableFromInline private(set) var isClosed = false
  @usableFromInline private(set) var queue = WaitQueue()
  /// The counts for `head...tail`; 0 elsewhere.
  ///
  /// A ring of a power of two of places, as many as the ring of the elements has.
  @usableFromInline var standing: ContiguousArray<Int>

  @usableFromInline
  init(capacity: Int) {
    self.capacity = capacity
    standing = ContiguousArray(repeating: 0, count: 16)
  }

  @inlinable var places: Int { standing.count }

  /// Whether an element may be stored at `tail` without overwriting, growing or telling anybody.
  @inlinable var canStoreQuietly: Bool {
    let kept = tail &- head
    return kept < capacity && kept &+ 1 < places && queue.isEmpty && receivers > 0 && !isClosed
  }

  /// Sends; overwrites the oldest element if all of `capacity` are kept.
  @usableFromInline
  mutating func send() -> SendStep {
    guard !isClosed else { return .closed }
    guard receivers > 0 else { return .nobody }
    let overwrites = tail - head == capacity
    if overwrites {
      // Whoever stood there, or before it, has missed something from now on.
      let late = standing[slot(head)]
      standing[slot(head)] = 0
      head += 1
      standing[slot(head)] += late
    }
    if tail - head + 1 == places { grow() }
    tail += 1
    return overwrites ? .overwrite(tail - 1) : .store(tail - 1)
  }

  /// Receives at `cursor` for `party`, or only tries to when there is none.
  @usableFromInline
  mutating func receive(at cursor: inout Int, _ party: Party?) -> ReceiveStep {
    if cursor < head {
      let missed = head - cursor
      cursor = head
      return .lagged(missed)
    }
    if cursor < tail {
      let position = cursor
      return pass(&cursor) ? .take(position) : .copy(position)
    }
    if isClosed { return .closed }
    guard let party else { return .empty }
    return .wait(queue.enqueue(party))
  }

  /// Moves a receiver past a kept element; whether it was the last one, so that the element is to be let go.
  @inlinable @inline(__always)
  mutating func pass(_ cursor: inout Int) -> Bool {
    let left = standing[slot(cursor)] &- 1
    standing[slot(cursor)] = left
    standing[slot(cursor &+ 1)] &+= 1
    let isLast = left == 0 && cursor == head
    if isLast { head &+= 1 }
    cursor &+= 1
    return isLast
  }

  /// Admits a receiver; it sees what is sent from now on.
  mutating func subscribe() -> Int {
    receivers += 1
    standing[slot(tail)] += 1
    return tail
  }

  /// Ends a receiver; the elements at the positions returned are to be let go.
  @usableFromInline
  mutating func unsubscribe(at cursor: Int) -> Range<Int> {
    receivers -= 1
    standing[slot(max(cursor, head))] -= 1
    let first = head
    while head < tail, standing[slot(head)] == 0 { head += 1 }
    return first..<head
  }

  /// Ends sending; false when that was done before.
  mutating func close() -> Bool {
    guard !isClosed else { return false }
    isClosed = true
    return true
  }

  /// Lets all who wait look again: there is an element, or the end.
  mutating func wakeAll(into batch: inout WakeBatch) {
    batch.grantAll(&queue)
  }

  @usableFromInline
  mutating func takeOutcome(_ ticket: Ticket) -> WaitOutcome? { queue.takeOutcome(ticket) }

  mutating func attach(_ waiter: Waiter) -> WaitOutcome? { queue.attach(waiter) }

  mutating func abort(_ ticket: Ticket, _ outcome: WaitOutcome) -> Wake? {
    queue.abort(ticket, outcome).wake
  }

  @inlinable @inline(__always)
  func slot(_ position: Int) -> Int { position & (standing.count &- 1) }

  private mutating func grow() {
    var larger = ContiguousArray(repeating: 0, count: places * 2)
    for position in head...tail {
      larger[position & (larger.count - 1)] = standing[slot(position)]
    }
    standing = larger
  }
}
