internal import Bakery

/// Runs `scenario` again and again, cancelling its victim one suspension later each time, until none is left.
///
/// In run *n* the victim's task is cancelled just before the *n*th step that any task of the simulation takes
/// after the victim was started: run 1 cancels it before it begins, the last run does not get to cancel it. That
/// finds what a cancellation in the wrong moment loses: permits, elements, places in line. Check after the
/// victim that nothing is lost; every wait of a scenario must end, otherwise the run is reported as stuck.
///
/// > Cancellation: cancels the body and waits for it.
///
/// - Parameters:
///   - seeds: The seeds to draw orders from; all moments are tried for each.
///   - scenario: The test; calls `run` of the victim that it is given, once.
/// - Returns: How many runs cancelled their victim, over all seeds.
/// - Throws: What `scenario` throws, as `CancellationFailure` with seed and moment.
///
/// @Snippet(path: "bakery/Snippets/TestInVirtualTime", slice: "cancel")
@discardableResult
public func cancelAtEverySuspension(
  seeds: Range<UInt64> = 0..<10,
  _ scenario: @escaping @concurrent @Sendable (Victim) async throws -> Void
) async throws -> Int {
  var cancelled = 0
  for seed in seeds {
    var moment = 0
    while true {
      moment += 1
      precondition(
        moment <= 100_000,
        "the victim takes more than 100,000 steps: cancel a shorter one"
      )
      let victim = Victim(moment: moment)
      do {
        try await simulate(seed: seed) { _ in try await scenario(victim) }
      } catch {
        throw CancellationFailure(seed: seed, moment: moment, underlying: error)
      }
      precondition(victim.hasRun, "cancelAtEverySuspension needs a scenario that calls victim.run")
      guard victim.wasCancelled else { break }
      cancelled += 1
    }
  }
  return cancelled
}

/// The part of a scenario that `cancelAtEverySuspension` cancels.
public final class Victim: Sendable {
  private struct State {
    var hasRun = false
    var wasCancelled = false
  }

  private let moment: Int
  private let state = Guarded(State())

  init(moment: Int) {
    self.moment = moment
  }

  var hasRun: Bool { state.withLockUnobserved { $0.hasRun } }

  /// Whether the cancellation has come; false before it, and in the last run of a sweep.
  public var wasCancelled: Bool { state.withLockUnobserved { $0.wasCancelled } }

  /// Runs `operation` in a task of its own and cancels that task in its moment.
  ///
  /// > Cancellation: cancels the body and waits for it.
  ///
  /// - Important: traps outside `cancelAtEverySuspension` and when called twice in a run.
  /// - Returns: What `operation` returns.
  /// - Throws: What `operation` throws: `CancellationError` if it takes the cancellation as it should.
  public func run<Success: Sendable>(
    _ operation: @escaping @concurrent @Sendable () async throws -> Success
  ) async throws -> Success {
    guard let executor = Simulation.current?.executor else {
      preconditionFailure("Victim.run works inside cancelAtEverySuspension { } only")
    }
    let isFirst = state.withLock { state in
      defer { state.hasRun = true }
      return !state.hasRun
    }
    precondition(isFirst, "Victim.run may be called once in a scenario")
    let task = Task(executorPreference: executor) { try await operation() }
    executor.setAlarm(inSteps: moment) {
      self.state.withLock { $0.wasCancelled = true }
      task.cancel()
    }
    let result = await withTaskCancellationHandler {
      await task.result
    } onCancel: {
      task.cancel()
    }
    executor.clearAlarm()
    return try result.get()
  }
}

/// An error of one run of a cancellation sweep.
public struct CancellationFailure: Error, CustomStringConvertible {
  /// The seed of the run.
  public let seed: UInt64
  /// The step before which the victim was cancelled.
  public let moment: Int
  /// What the scenario threw.
  public let underlying: any Error

  /// The error and when it came.
  public var description: String {
    "cancelled before step \(moment) with seed \(seed): \(underlying); "
      + "repeat with cancelAtEverySuspension(seeds: \(seed)..<\(seed + 1))"
  }
}
