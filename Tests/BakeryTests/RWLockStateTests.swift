import Testing

@testable import Bakery

@Suite struct RWLockStateTests {
  var state = RWLockState()

  private mutating func lock(_ access: RWLockState.Access, _ name: String) -> Ticket? {
    let admission = state.lock(access, party(name), recordsHolder: false)
    guard case .wait(let ticket) = admission else { return nil }
    return ticket
  }

  private mutating func tryLock(_ access: RWLockState.Access) -> Bool {
    state.tryLock(access, party("try"), recordsHolder: false) != nil
  }

  private mutating func unlock(_ access: RWLockState.Access) {
    _ = state.unlock(access, token: 0, recordingAt: nil)
  }

  private mutating func outcome(_ ticket: Ticket?) -> WaitOutcome? {
    ticket.flatMap { state.takeOutcome($0) }
  }

  private var readersInLine: [String?] { state.waitingReaders.parties.map(\.task.name) }
  private var writersInLine: [String?] { state.waitingWriters.parties.map(\.task.name) }

  @Test mutating func `readers share, a writer is alone`() {
    #expect(lock(.read, "a") == nil)
    #expect(lock(.read, "b") == nil)
    #expect(!tryLock(.write))
    let writer = lock(.write, "w")
    unlock(.read)
    #expect(outcome(writer) == nil)
    unlock(.read)
    #expect(outcome(writer) == .granted(0))
    #expect(!tryLock(.read))
    #expect(!tryLock(.write))
  }

  @Test mutating func `a reader that comes while a writer waits, waits`() {
    _ = lock(.read, "a")
    _ = lock(.write, "w")
    #expect(lock(.read, "late") != nil)
    #expect(!tryLock(.read))
    #expect(readersInLine == ["late"])
  }

  @Test mutating func `a writer that leaves lets in all readers that wait, before the next writer`()
  {
    _ = lock(.write, "w1")
    let writer = lock(.write, "w2")
    let readers = [lock(.read, "a"), lock(.read, "b")]
    unlock(.write)
    #expect(outcome(readers[0]) == .granted(0))
    #expect(outcome(readers[1]) == .granted(0))
    #expect(outcome(writer) == nil)
    #expect(lock(.read, "late") != nil)
    unlock(.read)
    unlock(.read)
    #expect(outcome(writer) == .granted(0))
    #expect(readersInLine == ["late"])
    unlock(.write)
    #expect(state.readers == 1)
    #expect(!state.needsAttention)
  }

  @Test mutating func `writers follow one another when no reader waits`() {
    _ = lock(.write, "w1")
    _ = lock(.write, "w2")
    _ = lock(.write, "w3")
    unlock(.write)
    #expect(state.isWriting)
    #expect(writersInLine == ["w3"])
  }

  @Test mutating func `a writer that gives up lets in the readers behind it, unless another waits`()
  {
    _ = lock(.read, "a")
    guard let first = lock(.write, "w1"), let second = lock(.write, "w2") else {
      Issue.record("a writer beside a reader")
      return
    }
    let reader = lock(.read, "late")
    _ = state.abort(first, .cancelled, recordingAt: nil)
    #expect(outcome(first) == .cancelled)
    #expect(outcome(reader) == nil)
    _ = state.abort(second, .timedOut, recordingAt: nil)
    #expect(outcome(second) == .timedOut)
    #expect(outcome(reader) == .granted(0))
    #expect(state.readers == 2)
  }

  @Test mutating func `a writer that gives up under a writer changes nothing`() {
    _ = lock(.write, "w1")
    guard let second = lock(.write, "w2") else { Issue.record("two writers"); return }
    let reader = lock(.read, "a")
    _ = state.abort(second, .cancelled, recordingAt: nil)
    #expect(outcome(reader) == nil)
    unlock(.write)
    #expect(outcome(reader) == .granted(0))
  }

  @Test mutating func `a reader that gives up leaves the line, one that is in cannot be aborted`() {
    _ = lock(.write, "w1")
    guard let a = lock(.read, "a"), let b = lock(.read, "b") else {
      Issue.record("a reader beside a writer")
      return
    }
    _ = state.abort(a, .cancelled, recordingAt: nil)
    #expect(outcome(a) == .cancelled)
    unlock(.write)
    _ = state.abort(b, .cancelled, recordingAt: nil)
    #expect(outcome(b) == .granted(0))
    #expect(state.readers == 1)
  }

  @Test mutating func `holders are recorded by token, also those who waited`() {
    let admission = state.lock(.write, party("w"), recordsHolder: true)
    _ = state.lock(.read, party("a"), recordsHolder: true)
    _ = state.lock(.read, party("b"), recordsHolder: true)
    guard case .granted(let token) = admission else { Issue.record("not granted"); return }
    #expect(state.recordedHolders.map(\.task.name) == ["w"])
    _ = state.unlock(.write, token: token, recordingAt: Deadline(nanoseconds: 9))
    #expect(state.recordedHolders.map(\.task.name) == ["a", "b"])
    #expect(state.recordedHolders.map(\.since.nanoseconds) == [9, 9])
  }

  @Test func `does what its specification says, in 10,000 random calls`() {
    for seed in 0..<10 as Range<UInt64> {
      var run = SpecifiedRWLock(seed: seed)
      for step in 0..<1000 {
        let (call, expected, found) = run.step()
        #expect(found == expected, "seed \(seed), step \(step), \(call)")
        guard found == expected else { return }
      }
    }
  }
}

/// The state and its specification side by side.
private struct SpecifiedRWLock {
  private static let tasks = 8
  private var state = RWLockState()
  private var specification = RWLockSpecification()
  private var waiting: [Int: Ticket] = [:]
  private var random: RandomSourceGenerator

  init(seed: UInt64) {
    random = SeededRandom(seed: seed).generator
  }

  mutating func step() -> (
    call: RWLockSpecification.Call, expected: [Int: Bool], found: [Int: Bool]
  ) {
    let call = draw()
    let writer = specification.writer
    return (call, specification.apply(call), apply(call, writer: writer))
  }

  private mutating func draw() -> RWLockSpecification.Call {
    let busy = Set(specification.inside + specification.waiting)
    let idle = (0..<Self.tasks).filter { !busy.contains($0) }
    while true {
      switch Int.random(in: 0..<8, using: &random) {
      case 0, 1: if let task = idle.randomElement(using: &random) { return .read(task) }
      case 2: if let task = idle.randomElement(using: &random) { return .write(task) }
      case 3: if let task = idle.randomElement(using: &random) { return .tryRead(task) }
      case 4: if let task = idle.randomElement(using: &random) { return .tryWrite(task) }
      case 5:
        if let task = specification.waiting.randomElement(using: &random) { return .cancel(task) }
      default:
        if let task = specification.inside.randomElement(using: &random) { return .leave(task) }
      }
    }
  }

  private mutating func apply(_ call: RWLockSpecification.Call, writer: Int?) -> [Int: Bool] {
    var ends: [Int: Bool] = [:]
    switch call {
    case .read(let task): lock(.read, task, &ends)
    case .write(let task): lock(.write, task, &ends)
    case .tryRead(let task):
      ends[task] = state.tryLock(.read, party("\(task)"), recordsHolder: false) != nil
    case .tryWrite(let task):
      ends[task] = state.tryLock(.write, party("\(task)"), recordsHolder: false) != nil
    case .leave(let task):
      _ = state.unlock(task == writer ? .write : .read, token: 0, recordingAt: nil)
    case .cancel(let task):
      if let ticket = waiting[task] { _ = state.abort(ticket, .cancelled, recordingAt: nil) }
    }
    for (task, ticket) in waiting {
      guard let outcome = state.takeOutcome(ticket) else { continue }
      waiting[task] = nil
      ends[task] = outcome.isGranted
    }
    return ends
  }

  private mutating func lock(_ access: RWLockState.Access, _ task: Int, _ ends: inout [Int: Bool]) {
    switch state.lock(access, party("\(task)"), recordsHolder: false) {
    case .granted: ends[task] = true
    case .wait(let ticket): waiting[task] = ticket
    }
  }
}
