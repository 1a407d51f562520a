internal import Bakery
internal import CBakeryRuntime

/// Finds out, once in a process, whether the runtime behaves as exploring expects.
enum SelfTest {
  // Both change something, or the compiler would leave the hops out.
  private actor Here {
    private let there = There()
    private var visits = 0

    func visit() async -> Int {
      visits += 1
      return await there.number() + visits
    }
  }

  private actor There {
    private var calls = 0

    func number() -> Int {
      calls += 1
      return calls
    }
  }

  private struct Unexpected: Error, CustomStringConvertible {
    let description: String
  }

  /// Why exploring is refused, or `nil`; to be asked on a thread without a run.
  static let refusal: String? =
    RuntimeAdapter.refusal
    ?? finding().map {
      "the Swift runtime does not do what exploring expects: \($0)"
    }

  private static func finding() -> String? {
    let run = ScheduleRun(loan: MainQueueLoan(), pulse: Pulse())
    run.enter()
    var scheduler: any Scheduler = FIFO()
    let limits = ScheduleRun.Limits(steps: 1000, stepsOfDrain: 100, patienceNanoseconds: 0)
    let ending = run.perform(seed: 1, scheduler: &scheduler, limits: limits, body)
    run.leave()
    let counts = run.counts
    let unfinished = run.unfinishedTasks
    // It holds a task that waits for ever.
    run.retire()
    if case .threw(let error) = ending { return "\(error)" }
    guard case .returned = ending else { return "a body that ends was found \(ending)" }
    if counts.creations < 3 { return "the creation of tasks is not seen" }
    if counts.bounces < 1 { return "the hop from one actor to another is not seen" }
    if counts.clock_reads < 1 || counts.random_reads < 1 {
      return "clocks or random numbers are not replaced"
    }
    if unfinished != 1 { return "\(unfinished) tasks are said to wait where 1 does" }
    return nil
  }

  private static let body: @concurrent @Sendable () async throws -> Void = {
    let begin = ContinuousClock.now
    try await Task.sleep(for: .seconds(3600))
    guard ContinuousClock.now - begin == .seconds(3600),
      Deadline.now.nanoseconds == 3600 * 1_000_000_000
    else {
      throw Unexpected(description: "an hour of sleep does not take an hour of virtual time")
    }
    let here = Here()
    let task = Task { await here.visit() }
    guard await task.value == 2 else {
      throw Unexpected(description: "a task returns something else")
    }
    var source = SeededRandom(seed: 1).generator
    guard UInt64.random(in: 0 ... .max) == source.next() else {
      throw Unexpected(description: "random numbers do not depend on the seed")
    }
    Task { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
  }
}
