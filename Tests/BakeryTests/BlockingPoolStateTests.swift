import BakeryTesting
import Testing

@testable import Bakery

private let party = Party(
  task: TaskIdentity(number: 1, name: nil),
  operation: "run",
  count: 1,
  since: .never
)

@Suite struct BlockingPoolStateTests {
  private struct Unexpected: Error {}

  private func number(_ admission: BlockingPoolState.Admission) throws -> Int {
    guard case .start(let number) = admission else { throw Unexpected() }
    return number
  }

  private func ticket(_ admission: BlockingPoolState.Admission) throws -> Ticket {
    guard case .wait(let ticket) = admission else { throw Unexpected() }
    return ticket
  }

  private func job(_ step: BlockingPoolState.Step) throws -> BlockingJob {
    guard case .run(let job, _) = step else { throw Unexpected() }
    return job
  }

  @Test func `threads first, then the line, then a refusal`() throws {
    var state = BlockingPoolState(threadsMaximum: 1, capacity: 1)
    let (first, second) = (BlockingJob(), BlockingJob())
    let thread = try number(state.submit(first, party))
    _ = try ticket(state.submit(second, party))
    guard case .saturated = state.submit(BlockingJob(), party) else { throw Unexpected() }
    let parker = ThreadParker()
    #expect(try job(state.next(thread, parker)) === first)
    #expect(state.running.count == 1)
    #expect(try job(state.next(thread, parker)) === second)
    #expect(state.queue.isEmpty)
    guard case .idle = state.next(thread, parker) else { throw Unexpected() }
    #expect(state.running.isEmpty)
    guard case .unpark(let idle) = state.submit(first, party) else { throw Unexpected() }
    #expect(idle === parker)
    // Its time as an idle thread ran out just after it was given the job.
    let hasEnded = state.endIdle(thread)
    #expect(!hasEnded)
    #expect(try job(state.next(thread, parker)) === first)
  }

  @Test func `only a job in line can be cancelled, and its place is free again`() throws {
    var state = BlockingPoolState(threadsMaximum: 1, capacity: 1)
    let thread = try number(state.submit(BlockingJob(), party))
    let waiting = BlockingJob()
    let place = try ticket(state.submit(waiting, party))
    #expect(state.abort(place, .cancelled).job === waiting)
    let other = BlockingJob()
    let next = try ticket(state.submit(other, party))
    _ = state.next(thread, ThreadParker())
    #expect(try job(state.next(thread, ThreadParker())) === other)
    #expect(state.abort(next, .cancelled).job == nil)
  }

  @Test func `without threads the jobs in line fail with the one that asked for the thread`() throws
  {
    var state = BlockingPoolState(threadsMaximum: 1, capacity: 2)
    var wakes = Wakes()
    let thread = try number(state.submit(BlockingJob(), party))
    let place = try ticket(state.submit(BlockingJob(), party))
    #expect(state.startFailed(thread, 11, into: &wakes) == nil)
    #expect(state.startError == 11)
    #expect(state.queue.isEmpty)
    #expect(state.threads == 0)
    // Its job is let go too.
    #expect(state.abort(place, .cancelled).job == nil)
    _ = try number(state.submit(BlockingJob(), party))
  }

  @Test func `a job whose thread is refused waits for the other threads`() throws {
    var state = BlockingPoolState(threadsMaximum: 2, capacity: 0)
    var wakes = Wakes()
    let first = try number(state.submit(BlockingJob(), party))
    let late = BlockingJob()
    let second = try number(state.submit(late, party))
    #expect(state.startFailed(second, 11, into: &wakes) != nil)
    #expect(state.running.count == 1)
    _ = state.next(first, ThreadParker())
    #expect(try job(state.next(first, ThreadParker())) === late)
  }

  @Test func `a shutdown refuses new jobs, finishes the old, and ends the threads`() throws {
    var state = BlockingPoolState(threadsMaximum: 1, capacity: 1)
    let thread = try number(state.submit(BlockingJob(), party))
    let waiting = BlockingJob()
    _ = try ticket(state.submit(waiting, party))
    #expect(state.shutDown().isEmpty)
    guard case .shutDown = state.submit(BlockingJob(), party) else { throw Unexpected() }
    _ = state.next(thread, ThreadParker())
    #expect(try job(state.next(thread, ThreadParker())) === waiting)
    guard case .end = state.next(thread, ThreadParker()) else { throw Unexpected() }
    #expect(!state.isGone)
    state.threadEnded()
    #expect(state.isGone)
  }

  @Test func `does what its specification does`() {
    for seed in 0..<4 as Range<UInt64> {
      let capacity = Int(seed)
      var state = BlockingPoolState(threadsMaximum: 3, capacity: capacity)
      var specification = BlockingPoolSpecification(threadsMaximum: 3, capacity: capacity)
      var book = Book()
      let random = SeededRandom(seed: seed)
      for step in 0..<10_000 {
        // The last calls come after the shutdown.
        let choice = step == 9900 ? 9 : random.below(9)
        guard let call = book.call(choice, specification, random) else { continue }
        let result = book.apply(call, to: &state)
        #expect(specification.apply(call) == result, "call \(step), seed \(seed)")
      }
      #expect(state.queue.waiting == specification.line.count)
    }
  }
}

/// Carries out the calls of the specification on the state, and numbers what comes out.
private struct Book {
  private var jobs: [ObjectIdentifier: Int] = [:]
  private var kept: [BlockingJob] = []
  private var tickets: [Int: Ticket] = [:]
  private var parkers: [Int: ThreadParker] = [:]
  /// Threads whose next call of `next` is due.
  private var awake: Set<Int> = []

  func call(
    _ choice: Int,
    _ specification: BlockingPoolSpecification,
    _ random: SeededRandom
  ) -> BlockingPoolSpecification.Call? {
    switch choice {
    case 0..<4:
      return .submit
    case 4..<7:
      let threads = awake.sorted()
      return threads.isEmpty ? nil : .next(thread: threads[random.below(threads.count)])
    case 7:
      let threads = specification.idle.sorted()
      return threads.isEmpty ? nil : .endIdle(thread: threads[random.below(threads.count)])
    case 8:
      let known = tickets.keys.sorted()
      return known.isEmpty ? nil : .cancel(job: known[random.below(known.count)])
    default:
      return .shutDown
    }
  }

  mutating func apply(
    _ call: BlockingPoolSpecification.Call,
    to state: inout BlockingPoolState
  ) -> BlockingPoolSpecification.Result {
    switch call {
    case .submit:
      return submit(&state)
    case .next(let thread):
      return next(thread, &state)
    case .endIdle(let thread):
      return state.endIdle(thread) ? .ends : .stays
    case .cancel(let job):
      guard let ticket = tickets.removeValue(forKey: job) else { return .cancelled(false) }
      return .cancelled(state.abort(ticket, .cancelled).job != nil)
    case .shutDown:
      let woken = state.shutDown()
      awake.formUnion(woken.compactMap { parker in parkers.first { $0.value === parker }?.key })
      return .wakes(woken.count)
    }
  }

  private mutating func submit(
    _ state: inout BlockingPoolState
  ) -> BlockingPoolSpecification.Result {
    let job = BlockingJob()
    let number = kept.count
    kept.append(job)
    jobs[ObjectIdentifier(job)] = number
    switch state.submit(job, party) {
    case .start(let thread):
      parkers[thread] = ThreadParker()
      awake.insert(thread)
      return .starts(thread: thread)
    case .unpark(let parker):
      let thread = parkers.first { $0.value === parker }?.key ?? -1
      awake.insert(thread)
      return .unparks(thread: thread)
    case .wait(let ticket):
      tickets[number] = ticket
      return .waits
    case .saturated: return .saturated
    case .shutDown: return .shutDown
    }
  }

  private mutating func next(
    _ thread: Int,
    _ state: inout BlockingPoolState
  ) -> BlockingPoolSpecification.Result {
    guard let parker = parkers[thread] else { return .stays }
    switch state.next(thread, parker) {
    case .run(let job, _): return .runs(job: jobs[ObjectIdentifier(job)] ?? -1)
    case .idle:
      awake.remove(thread)
      return .idles
    case .end:
      awake.remove(thread)
      return .ends
    }
  }
}
