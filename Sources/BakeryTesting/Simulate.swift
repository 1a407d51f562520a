internal import Bakery

/// Runs `body` on one thread and in virtual time, in an order drawn from `seed`.
///
/// Child tasks, default actors and Bakery's primitives take turns as the seed says, at every suspension; the same
/// seed gives the same run. Time stands still while anything can run and jumps to the next deadline when
/// nothing can: `sleep(until:)` and deadlines take no real time. Random numbers of `Seams.random` depend on
/// the seed too.
///
/// Not under control, because no public interface of the language reaches it: `Task { }`, `Task.detached`, the main
/// actor, actors with executors of their own, `Task.sleep`, and threads. Use child tasks and `sleep(until:)`.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Parameters:
///   - seed: What the order is drawn from.
///   - autoAdvance: Whether time moves on by itself; otherwise the body advances the clock that it is given.
///   - body: What to run; it gets the clock.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws; `SimulationStuck` when all tasks wait and no deadline will come. That is believed
///   after nothing could run for two seconds of real time, so do not await long work outside the simulation.
///
/// @Snippet(path: "bakery/Snippets/TestInVirtualTime", slice: "simulate")
@discardableResult
public func simulate<Success: Sendable>(
  seed: UInt64 = 0,
  autoAdvance: Bool = true,
  _ body: @escaping @concurrent @Sendable (ManualClock) async throws -> Success
) async throws -> Success {
  let clock = ManualClock()
  let executor = TestExecutor(seed: seed, advancing: autoAdvance ? clock : nil)
  let end = SimulationEnd<Success>()
  let task = Task(executorPreference: executor) {
    let result = await Result<Success, any Error>.capturing {
      try await Seams.$time.withValue(clock) {
        try await Seams.$random.withValue(SeededRandom(seed: seed)) {
          try await Simulation.$current.withValue(Simulation(executor: executor)) {
            try await body(clock)
          }
        }
      }
    }
    executor.close()
    end.deliver(result)
  }
  executor.setWhenStuck {
    let stuck = SimulationStuck(seed: seed, dump: Seams.$time.withValue(clock) { Trace.dump() })
    end.replaceResult(by: stuck)
    // Cancellation ends the waits that observe it; a body that waits in another way is given up.
    executor.setWhenStuck { end.deliver(.failure(stuck)) }
    task.cancel()
  }
  let result = await withTaskCancellationHandler {
    await end.result
  } onCancel: {
    task.cancel()
  }
  return try result.get()
}

/// Runs `body` once for each seed, each time as `simulate(seed:autoAdvance:_:)` does.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Throws: `SimulationFailure`, which names the first seed that failed and how to repeat it.
public func simulate(
  seeds: Range<UInt64>,
  _ body: @escaping @concurrent @Sendable (ManualClock) async throws -> Void
) async throws {
  for seed in seeds {
    do {
      try await simulate(seed: seed, body)
    } catch {
      throw SimulationFailure(seed: seed, underlying: error)
    }
  }
}

/// Suspends the caller until every other task of the simulation or exploration waits.
///
/// Time does not move meanwhile. Afterwards everybody who was going to wait does, which makes the next line of a
/// test the only thing that happens.
///
/// > Cancellation: does not observe cancellation.
///
/// - Important: traps outside `simulate` and `explore`.
public func waitUntilIdle() async {
  if let run = ScheduleRun.current { return await run.waitUntilIdle() }
  guard let simulation = Simulation.current else {
    preconditionFailure(
      "waitUntilIdle() works inside simulate { } and explore { } only; wrap the test in one"
    )
  }
  await simulation.executor.waitUntilIdle()
}

/// How a simulation or exploration ended: delivered once, by the body or by whoever finds it stuck.
final class SimulationEnd<Success: Sendable>: Sendable {
  private struct State {
    var replacement: SimulationStuck?
    var result: Result<Success, any Error>?
    var continuation: UnsafeContinuation<Result<Success, any Error>, Never>?
  }

  private let state = Guarded(State())

  var result: Result<Success, any Error> {
    get async {
      await withUnsafeContinuation { continuation in
        let result = state.withLockUnobserved { state in
          if state.result == nil { state.continuation = continuation }
          return state.result
        }
        if let result { continuation.resume(returning: result) }
      }
    }
  }

  /// Whatever the body delivers from now on, the simulation ends with `stuck`.
  func replaceResult(by stuck: SimulationStuck) {
    state.withLockUnobserved { $0.replacement = stuck }
  }

  func deliver(_ result: Result<Success, any Error>) {
    let (waiter, final) = state.withLockUnobserved { state in
      let isFirst = state.result == nil
      let final = state.result ?? state.replacement.map { .failure($0) } ?? result
      state.result = final
      return (isFirst ? state.continuation : nil, final)
    }
    waiter?.resume(returning: final)
  }
}

struct Simulation: Sendable {
  @TaskLocal static var current: Simulation?

  let executor: TestExecutor
}

/// A simulation in which every task waits and nothing will ever wake one.
public struct SimulationStuck: Error, CustomStringConvertible {
  /// The seed of the run.
  public let seed: UInt64
  /// All holders and waiters at that moment.
  public let dump: String

  /// What happened, who waits for what, and how to repeat it.
  public var description: String {
    "all tasks wait and no deadline will wake one; repeat with simulate(seed: \(seed))\n\(dump)"
  }
}

/// An error of one run among many seeds.
public struct SimulationFailure: Error, CustomStringConvertible {
  /// The seed of the run that failed.
  public let seed: UInt64
  /// What it threw.
  public let underlying: any Error

  /// The error and how to repeat it.
  public var description: String {
    "seed \(seed) failed: \(underlying); repeat with simulate(seed: \(seed))"
  }
}
