import Testing

@testable import Bakery

@Suite struct MutexStateTests {
  var state = MutexState()

  private var line: [String?] { state.line.parties.map(\.task.name) }

  private mutating func lock(_ name: String) -> Ticket? {
    guard case .wait(let ticket) = state.lock(party(name), recordsHolder: false) else { return nil }
    return ticket
  }

  private mutating func tryLock(_ name: String) -> Bool {
    state.tryLock(party(name), recordsHolder: false)
  }

  private mutating func outcome(_ ticket: Ticket) -> WaitOutcome? { state.takeOutcome(ticket) }

  private mutating func outcome(_ ticket: Ticket, of condition: Int) -> WaitOutcome? {
    state.takeOutcome(ticket, of: condition)
  }

  private mutating func makeCondition() -> Int { state.makeCondition() }

  @discardableResult
  private mutating func unlock() -> [WaitOutcome] { outcomes(state.unlock(recordingAt: nil)) }

  private mutating func wait(_ name: String, for condition: Int) -> Ticket {
    state.wait(for: condition, party(name), recordingAt: nil).ticket
  }

  private mutating func notify(_ condition: Int, _ limit: Int = 1) {
    _ = state.notify(condition, limit: limit, recordingAt: nil)
  }

  @Test mutating func `the lock goes to the first in line and is never free in between`() {
    #expect(lock("a") == nil)
    guard let b = lock("b"), lock("c") != nil else { Issue.record("locked twice"); return }
    unlock()
    #expect(state.isLocked)
    #expect(outcome(b) == .granted(0))
    #expect(line == ["c"])
    #expect(!tryLock("d"))
    unlock()
    unlock()
    #expect(!state.isLocked)
    #expect(!state.needsAttention)
  }

  @Test mutating func `a wait that is aborted leaves the line, a granted one cannot be aborted`() {
    _ = lock("a")
    guard let b = lock("b"), let c = lock("c") else { Issue.record("locked twice"); return }
    _ = state.abort(b, .cancelled, recordingAt: nil)
    #expect(outcome(b) == .cancelled)
    unlock()
    _ = state.abort(c, .cancelled, recordingAt: nil)
    #expect(outcome(c) == .granted(0))
    #expect(state.isLocked)
  }

  @Test mutating func `a holder is recorded when asked for, also one who waited`() {
    _ = state.lock(party("a"), recordsHolder: true)
    _ = state.lock(party("b"), recordsHolder: true)
    #expect(state.holder?.task.name == "a")
    _ = state.unlock(recordingAt: Deadline(nanoseconds: 7))
    #expect(state.holder?.task.name == "b")
    #expect(state.holder?.since.nanoseconds == 7)
    #expect(state.needsAttention)
    unlock()
    #expect(state.holder == nil)
  }

  @Test mutating func `a wait on a condition gives the lock to the next`() {
    let condition = state.makeCondition()
    _ = lock("a")
    guard let b = lock("b") else { Issue.record("locked twice"); return }
    let a = wait("a", for: condition)
    #expect(outcome(b) == .granted(0))
    #expect(outcome(a, of: condition) == nil)
    #expect(state.queue(of: condition).waiting == 1)
  }

  @Test mutating func `a notified wait is over when the lock is free, after those before it`() {
    let condition = state.makeCondition()
    _ = lock("a")
    let a = wait("a", for: condition)
    _ = lock("b")
    guard let c = lock("c") else { Issue.record("locked twice"); return }
    notify(condition)
    #expect(line == ["c", "a"])
    unlock()
    #expect(outcome(c) == .granted(0))
    #expect(outcome(a, of: condition) == nil)
    unlock()
    #expect(outcome(a, of: condition) == .granted(0))
    #expect(state.isLocked)
  }

  @Test mutating func `a notification without lock, of a free mutex, gives the lock at once`() {
    let condition = state.makeCondition()
    _ = lock("a")
    let a = wait("a", for: condition)
    #expect(!state.isLocked)
    notify(condition)
    #expect(state.isLocked)
    #expect(outcome(a, of: condition) == .granted(0))
    // Nobody waits: nothing happens, and nothing remembers it.
    notify(condition)
    unlock()
    _ = lock("a")
    let again = wait("a", for: condition)
    #expect(outcome(again, of: condition) == nil)
  }

  @Test mutating func `a cancelled wait leaves its notification to the next and comes back`() {
    let condition = state.makeCondition()
    _ = lock("a")
    let a = wait("a", for: condition)
    _ = lock("b")
    let b = wait("b", for: condition)
    _ = lock("c")
    _ = state.abort(a, of: condition, .cancelled, recordingAt: nil)
    notify(condition)
    #expect(line == ["a", "b"])
    unlock()
    #expect(outcome(a, of: condition) == .cancelled)
    unlock()
    #expect(outcome(b, of: condition) == .granted(0))
  }

  @Test mutating func `a cancellation after the notification finds nothing`() {
    let condition = state.makeCondition()
    _ = lock("a")
    let a = wait("a", for: condition)
    _ = lock("b")
    notify(condition)
    _ = state.abort(a, of: condition, .cancelled, recordingAt: nil)
    #expect(line == ["a"])
    unlock()
    #expect(outcome(a, of: condition) == .granted(0))
    _ = state.abort(a, of: condition, .cancelled, recordingAt: nil)
    #expect(state.isLocked)
  }

  @Test mutating func `conditions of one mutex are told apart, and their numbers used again`() {
    let (full, empty) = (state.makeCondition(), state.makeCondition())
    _ = lock("a")
    let a = wait("a", for: full)
    _ = lock("b")
    let b = wait("b", for: empty)
    notify(empty, .max)
    #expect(outcome(a, of: full) == nil)
    #expect(outcome(b, of: empty) == .granted(0))
    unlock()
    notify(full)
    #expect(outcome(a, of: full) == .granted(0))
    state.removeCondition(full)
    #expect(makeCondition() == full)
  }

  @Test
  mutating func `those who wait for a change look again after each scope, and wake no others`() {
    _ = lock("a")
    let a = wait("a", for: MutexState.change)
    #expect(state.needsAttention)
    _ = lock("b")
    let b = wait("b", for: MutexState.change)
    #expect(outcome(a, of: MutexState.change) == nil)
    _ = lock("c")
    unlock()
    #expect(outcome(a, of: MutexState.change) == .granted(0))
    // a looks and waits again: b goes on from the scope of c, not from that.
    _ = wait("a", for: MutexState.change)
    #expect(outcome(b, of: MutexState.change) == .granted(0))
    _ = wait("b", for: MutexState.change)
    #expect(!state.isLocked)
    #expect(state.queue(of: MutexState.change).waiting == 2)
  }

  @Test mutating func `a wait for a change ends without the lock when it is aborted`() {
    _ = lock("a")
    let a = wait("a", for: MutexState.change)
    _ = state.abort(a, of: MutexState.change, .timedOut, recordingAt: nil)
    #expect(outcome(a, of: MutexState.change) == .timedOut)
    #expect(!state.isLocked)
    #expect(!state.needsAttention)
  }

  @Test func `does what its specification says, in 20,000 random calls`() async {
    let continuation = await spentContinuation()
    var called = 0
    for seed in 0..<20 as Range<UInt64> {
      var run = SpecifiedMutex(seed: seed, continuation)
      for step in 0..<1000 {
        let (call, expected, found) = run.step()
        #expect(found == expected, "seed \(seed), step \(step), \(call)")
        guard found == expected else { return }
        if case .arrive = call { called += 1 }
      }
    }
    #expect(called > 100)
  }
}

/// A free lock that calls a task, and is lent until it comes.
extension MutexStateTests {
  /// A lock that "a" had and gave back, and the places of "b" and "c", who had suspended.
  private mutating func callFirstOfTwo() async -> (b: Ticket, c: Ticket)? {
    let continuation = await spentContinuation()
    guard lock("a") == nil, let b = lock("b"), let c = lock("c") else { return nil }
    for ticket in [b, c] {
      _ = state.attach(Waiter(ticket: ticket, party: party("x"), continuation: continuation))
    }
    #expect(unlock() == [.granted(MutexState.call)])
    #expect(state.called == b)
    #expect(!state.isLocked)
    return (b, c)
  }

  private mutating func abort(_ ticket: Ticket) -> [WaitOutcome] {
    outcomes(state.abort(ticket, .timedOut, recordingAt: nil))
  }

  private mutating func arrive(_ ticket: Ticket) -> WaitOutcome? {
    state.arrive(ticket, recordingAt: nil)
  }

  @Test mutating func `a suspended waiter is called, and takes the lock when it runs`() async {
    guard let (b, _) = await callFirstOfTwo() else { Issue.record("locked twice"); return }
    #expect(state.waiting == 2)
    #expect(!state.needsAttention)
    #expect(arrive(b) == .granted(0))
    #expect(state.isLocked)
    #expect(state.called == nil)
    #expect(state.waiting == 1)
    #expect(state.needsAttention)
  }

  @Test mutating func `until it runs the lock may be taken 64 times, and is its own then`() async {
    guard let (b, _) = await callFirstOfTwo() else { Issue.record("locked twice"); return }
    for loan in 1...64 {
      #expect(tryLock("d"))
      #expect(state.called == b)
      #expect(unlock() == [], "loan \(loan)")
    }
    #expect(state.isLocked)
    #expect(!tryLock("d"))
    #expect(abort(b) == [])
    #expect(arrive(b) == .granted(0))
    #expect(line == ["x"])
  }

  @Test mutating func `one that finds the lock taken keeps its place, and is given it next`() async
  {
    guard let (b, c) = await callFirstOfTwo() else { Issue.record("locked twice"); return }
    #expect(tryLock("d"))
    #expect(arrive(b) == nil)
    #expect(lock("e") != nil)
    let continuation = await spentContinuation()
    let waiter = Waiter(ticket: b, party: party("b"), continuation: continuation)
    #expect(state.attach(waiter) == nil)
    #expect(state.suspended == 2)
    #expect(line == ["b", "x", "e"])
    #expect(unlock() == [.granted(0)])
    #expect(state.isLocked)
    // This way was short of loans, so the next is not called but given the lock.
    #expect(unlock() == [.granted(0)])
    #expect(line == ["e"])
    #expect(abort(c) == [])
  }

  @Test mutating func `one that gives up after it was called leaves the call to the next`() async {
    guard let (b, c) = await callFirstOfTwo() else { Issue.record("locked twice"); return }
    #expect(abort(b) == [.granted(MutexState.call)])
    #expect(state.called == c)
    #expect(arrive(b) == .timedOut)
    #expect(arrive(c) == .granted(0))
    #expect(unlock() == [])
    #expect(!state.isLocked)
    #expect(!state.needsAttention)
  }

  @Test mutating func `one that gives up while the lock is lent leaves it to the next unlock`()
    async
  {
    guard let (b, c) = await callFirstOfTwo() else { Issue.record("locked twice"); return }
    #expect(tryLock("d"))
    #expect(abort(b) == [])
    #expect(state.called == nil)
    #expect(state.needsAttention)
    #expect(unlock() == [.granted(MutexState.call)])
    #expect(abort(c) == [])
    #expect(state.called == nil)
    #expect(!state.needsAttention)
    #expect(state.word == 0)
  }

  @Test mutating func `one that was overtaken and gives up leaves the next unlock to others`()
    async
  {
    guard let (b, c) = await callFirstOfTwo() else { Issue.record("locked twice"); return }
    #expect(tryLock("d"))
    #expect(arrive(b) == nil)
    #expect(abort(b) == [])
    #expect(outcome(b) == .timedOut)
    #expect(unlock() == [.granted(0)])
    #expect(state.isLocked)
    #expect(abort(c) == [])
  }

  @Test mutating func `a holder is recorded when it comes after a call`() async {
    guard let (b, _) = await callFirstOfTwo() else { Issue.record("locked twice"); return }
    #expect(state.arrive(b, recordingAt: Deadline(nanoseconds: 7)) == .granted(0))
    #expect(state.holder?.task.name == "x")
    #expect(state.holder?.since.nanoseconds == 7)
  }

  @Test func `fast paths borrow as the state does, through the word`() async {
    #expect(MutexWord.isLendable(MutexWord.called | 1 << MutexWord.loansShift))
    #expect(!MutexWord.isLendable(MutexWord.called))
    #expect(!MutexWord.isLendable(MutexWord.called | 1 | 1 << MutexWord.loansShift))
    #expect(MutexWord.isLent(MutexWord.called | MutexWord.locked | 1 << MutexWord.loansShift))
    #expect(!MutexWord.isLent(MutexWord.called | MutexWord.locked))
    var state = self.state
    state.word = MutexWord.locked | 5 << MutexWord.loansShift
    #expect(state.isLocked)
    #expect(state.loansLeft == 5)
  }
}

private func outcomes(_ wakes: Wakes) -> [WaitOutcome] {
  ([wakes.first].compactMap(\.self) + wakes.others).map(\.outcome)
}

/// One to put into waiters that nobody resumes.
private func spentContinuation() async -> UnsafeContinuation<WaitOutcome, Never> {
  var spent: UnsafeContinuation<WaitOutcome, Never>?
  while true {
    _ = await withUnsafeContinuation { continuation in
      spent = continuation
      continuation.resume(returning: .closed)
    }
    if let spent { return spent }
  }
}

/// The state and its specification side by side.
private struct SpecifiedMutex {
  private static let tasks = 8
  private var state = MutexState()
  private var specification = MutexSpecification(conditions: 3)
  /// Tasks that wait, with the condition if it is one.
  private var waiting: [Int: (ticket: Ticket, condition: Int?)] = [:]
  private var random: RandomSourceGenerator
  private let continuation: UnsafeContinuation<WaitOutcome, Never>
  private let now: Deadline? = Deadline(nanoseconds: 0)

  init(seed: UInt64, _ continuation: UnsafeContinuation<WaitOutcome, Never>) {
    self.continuation = continuation
    random = SeededRandom(seed: seed).generator
    for _ in 0..<2 { _ = state.makeCondition() }
  }

  typealias Ends = [Int: MutexSpecification.End]

  mutating func step() -> (call: MutexSpecification.Call, expected: Ends, found: Ends) {
    let call = draw()
    let found = apply(call, by: specification.holder)
    return (call, specification.apply(call, mayCall: state.called != nil), found)
  }

  private mutating func draw() -> MutexSpecification.Call {
    let busy = Set(waiting.keys).union(specification.holder.map { [$0] } ?? [])
    let idle = (0..<Self.tasks).filter { !busy.contains($0) }
    while true {
      switch Int.random(in: 0..<11, using: &random) {
      case 0, 1: if let task = idle.randomElement(using: &random) { return .lock(task) }
      case 2: if let task = idle.randomElement(using: &random) { return .tryLock(task) }
      case 3, 4: if specification.holder != nil { return .unlock }
      case 5:
        if specification.holder != nil {
          return .wait(condition: Int.random(in: 0..<3, using: &random))
        }
      case 6:
        return .notify(
          condition: 1 + Int.random(in: 0..<2, using: &random),
          limit: Int.random(in: 0..<2, using: &random) * 7 + 1
        )
      case 7, 8:
        if let task = specification.unsuspended.filter({ !isCalled($0) })
          .randomElement(using: &random)
        {
          return .suspend(task)
        }
      case 9: if specification.isCalled { return .arrive }
      default:
        if let task = waiting.keys.sorted().randomElement(using: &random) {
          return .cancel(task, isSuspended: false)
        }
      }
    }
  }

  private func isCalled(_ task: Int) -> Bool {
    state.called != nil && waiting[task]?.ticket == state.called
  }

  private mutating func apply(_ call: MutexSpecification.Call, by holder: Int?) -> Ends {
    var ends: Ends = [:]
    switch call {
    case .lock(let task):
      switch state.lock(party("\(task)"), recordsHolder: true) {
      case .granted: ends[task] = .granted
      case .wait(let ticket): waiting[task] = (ticket, nil)
      }
    case .tryLock(let task):
      ends[task] = state.tryLock(party("\(task)"), recordsHolder: true) ? .granted : .refused
    case .unlock:
      _ = state.unlock(recordingAt: now)
    case .wait(let condition):
      guard let holder else { return ends }
      let (ticket, _) = state.wait(for: condition, party("\(holder)"), recordingAt: now)
      waiting[holder] = (ticket, condition)
    case .notify(let condition, let limit):
      _ = state.notify(condition, limit: limit, recordingAt: now)
    case .suspend(let task):
      guard let (ticket, _) = waiting[task] else { return ends }
      let waiter = Waiter(ticket: ticket, party: party("\(task)"), continuation: continuation)
      if let outcome = state.attach(waiter) { ends[task] = outcome.isGranted ? .granted : .refused }
    case .arrive:
      guard let task = waiting.keys.first(where: isCalled), let (ticket, _) = waiting[task] else {
        return ends
      }
      if state.arrive(ticket, recordingAt: now) != nil { end(task, .granted, &ends) }
    case .cancel(let task, _):
      guard let (ticket, condition) = waiting[task] else { return ends }
      if let condition {
        _ = state.abort(ticket, of: condition, .cancelled, recordingAt: now)
      } else if outcomes(state.abort(ticket, .cancelled, recordingAt: now)).contains(.cancelled) {
        end(task, .refused, &ends)
      }
    }
    collect(into: &ends)
    return ends
  }

  private mutating func end(_ task: Int, _ end: MutexSpecification.End, _ ends: inout Ends) {
    waiting[task] = nil
    ends[task] = end
  }

  private mutating func collect(into ends: inout Ends) {
    // Those who had suspended are told by wakes, which do not say whom they are for.
    if let holder = state.holder?.task.name.flatMap({ Int($0) }), waiting[holder] != nil,
      waiting[holder]?.condition == nil
    {
      _ = waiting[holder].map { state.takeOutcome($0.ticket) }
      end(holder, .granted, &ends)
    }
    for (task, wait) in waiting {
      let outcome: WaitOutcome?
      if let condition = wait.condition {
        outcome = state.takeOutcome(wait.ticket, of: condition)
      } else {
        outcome = state.takeOutcome(wait.ticket)
      }
      guard let outcome else { continue }
      waiting[task] = nil
      if outcome.isGranted {
        ends[task] = .granted
      } else {
        let hasLock = wait.condition.map { $0 != MutexState.change } ?? false
        ends[task] = hasLock ? .cancelledWithLock : .refused
      }
    }
  }
}
