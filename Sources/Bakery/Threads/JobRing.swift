internal import Synchronization

/// The jobs of one worker: the worker adds and takes, every other worker may take half.
///
/// Only the owner calls `append`, `takeFirst` and writes to free places. A thief claims places by moving `real` while
/// `steal` stays, copies them, and then moves `steal` after it; places between the two are not written meanwhile.
/// ```
///     steal ≤ real ≤ tail,   tail - steal ≤ capacity
///       │ a thief copies │ jobs in line │ free …
///     steal            real           tail
/// ```
/// Algorithm: the run queue of Tokio's multi-thread scheduler (Lerche, *Making the Tokio scheduler 10x faster*, 2019).
// Safe because `places` is read and written only as said above, in the order that the two atomics make.
final class JobRing: @unchecked Sendable {
  static let capacity: UInt32 = 256

  private struct Head {
    var steal: UInt32
    var real: UInt32

    init(steal: UInt32, real: UInt32) {
      self.steal = steal
      self.real = real
    }

    init(_ word: UInt64) {
      steal = UInt32(truncatingIfNeeded: word >> 32)
      real = UInt32(truncatingIfNeeded: word)
    }

    var word: UInt64 { UInt64(steal) << 32 | UInt64(real) }
    var isStolenFrom: Bool { steal != real }
  }

  private let head = Atomic<UInt64>(0)
  private let tail = Atomic<UInt32>(0)
  private let places = UnsafeMutablePointer<UnownedJob?>.allocate(capacity: Int(capacity))

  init() {
    places.initialize(repeating: nil, count: Int(Self.capacity))
  }

  deinit {
    places.deallocate()
  }

  private func place(_ index: UInt32) -> UnsafeMutablePointer<UnownedJob?> {
    places + Int(index & (Self.capacity - 1))
  }

  /// Whether nothing is in line; may be outdated at once.
  var isEmpty: Bool { count == 0 }

  /// How many jobs are in line; may be outdated at once.
  var count: Int {
    let head = Head(head.load(ordering: .acquiring))
    return Int(Int32(bitPattern: tail.load(ordering: .acquiring) &- head.real))
  }

  /// Adds `job` at the end; when there is no room, hands it and half of the others to `overflow`.
  func append(_ job: UnownedJob, overflow: ([UnownedJob]) -> Void) {
    let tail = tail.load(ordering: .relaxed)
    while true {
      let head = Head(head.load(ordering: .acquiring))
      if tail &- head.steal < Self.capacity {
        place(tail).pointee = job
        self.tail.store(tail &+ 1, ordering: .releasing)
        return
      }
      // While a thief copies, its places are not free; it is quick, but nobody waits for it.
      if head.isStolenFrom { return overflow([job]) }
      if let half = takeHalf(head) { return overflow(half + [job]) }
    }
  }

  private func takeHalf(_ head: Head) -> [UnownedJob]? {
    let after = head.real &+ Self.capacity / 2
    guard replace(head, with: Head(steal: after, real: after)) else { return nil }
    return (0..<Self.capacity / 2).compactMap { place(head.real &+ $0).pointee }
  }

  /// Takes the job at the front.
  func takeFirst() -> UnownedJob? {
    let tail = tail.load(ordering: .relaxed)
    while true {
      let head = Head(head.load(ordering: .acquiring))
      guard head.real != tail else { return nil }
      let after = head.real &+ 1
      let next = Head(steal: head.isStolenFrom ? head.steal : after, real: after)
      if replace(head, with: next) { return place(head.real).pointee }
    }
  }

  /// Moves half of `victim`'s jobs here and returns one of them; called by the owner, whose ring is empty.
  func steal(from victim: JobRing) -> UnownedJob? {
    let tail = tail.load(ordering: .relaxed)
    // A thief may still copy from this ring; then there may not be room for all.
    let own = Head(head.load(ordering: .acquiring))
    guard tail &- own.steal <= Self.capacity / 2 else { return nil }
    guard let (first, count) = victim.claimHalf() else { return nil }
    for index in 0..<(count - 1) {
      place(tail &+ index).pointee = victim.place(first &+ index).pointee
    }
    let last = victim.place(first &+ count - 1).pointee
    victim.endClaim()
    if count > 1 { self.tail.store(tail &+ count - 1, ordering: .releasing) }
    return last
  }

  private func claimHalf() -> (first: UInt32, count: UInt32)? {
    while true {
      let head = Head(head.load(ordering: .acquiring))
      let inLine = tail.load(ordering: .acquiring) &- head.real
      // Another thief is here, there is nothing, or the front moved on between the two loads.
      guard !head.isStolenFrom, inLine > 0, inLine <= Self.capacity else { return nil }
      let count = inLine - inLine / 2
      if replace(head, with: Head(steal: head.steal, real: head.real &+ count)) {
        return (head.real, count)
      }
    }
  }

  private func endClaim() {
    while true {
      let head = Head(head.load(ordering: .acquiring))
      if replace(head, with: Head(steal: head.real, real: head.real)) { return }
    }
  }

  private func replace(_ old: Head, with new: Head) -> Bool {
    head.compareExchange(
      expected: old.word,
      desired: new.word,
      ordering: .acquiringAndReleasing
    ).exchanged
  }
}
