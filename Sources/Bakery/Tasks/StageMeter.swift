/// What a stage has done and what its workers spend their time on.
///
/// Clocks are read where a worker begins or ends to wait, not for each element. In between the time is that of the
/// activity the worker is in, so the figures are exact at any moment and cost nothing while nobody waits.
@usableFromInline
final class StageMeter: Traceable {
  /// What a worker does.
  @usableFromInline
  enum Activity: Int, Sendable {
    /// It runs the stage's work.
    case busy
    /// It waits for input.
    case starved
    /// It waits for room in the output.
    case blocked
  }

  private struct State {
    var received = 0
    var sent = 0
    /// How many workers are in each activity, and the nanoseconds spent in it so far.
    var workers = [0, 0, 0]
    var nanoseconds: [Int64] = [0, 0, 0]
    var changed: Deadline

    mutating func pass(to now: Deadline) {
      let passed = now.nanoseconds - changed.nanoseconds
      for activity in 0..<3 { nanoseconds[activity] += Int64(workers[activity]) * passed }
      changed = now
    }
  }

  @usableFromInline let identity: ObjectIdentity
  private let width: Int
  private let time: any TimeSource
  private let state: Guarded<State>

  @usableFromInline
  init(width: Int, identity: ObjectIdentity) {
    self.identity = identity
    self.width = width
    time = Seams.time
    state = Guarded(State(changed: time.now))
    Trace.register(self)
  }

  /// Counts elements that came in and went out.
  @usableFromInline
  func count(received: Int = 0, sent: Int = 0) {
    state.withLockUnobserved {
      $0.received += received
      $0.sent += sent
    }
  }

  /// A worker begins one activity, ends another, or both.
  @usableFromInline
  func change(from old: Activity?, to new: Activity?) {
    let now = time.now
    state.withLockUnobserved { state in
      state.pass(to: max(now, state.changed))
      if let old { state.workers[old.rawValue] -= 1 }
      if let new { state.workers[new.rawValue] += 1 }
    }
  }

  /// Runs a worker's wait.
  @inlinable
  func waiting<Success>(
    _ activity: Activity,
    _ wait: () async throws -> Success
  ) async throws -> Success {
    change(from: .busy, to: activity)
    defer { change(from: activity, to: .busy) }
    return try await wait()
  }

  @usableFromInline
  func snapshot() -> Snapshot {
    let now = time.now
    let state = state.withLockUnobserved { state in
      state.pass(to: max(now, state.changed))
      return state
    }
    let milliseconds = state.nanoseconds.map { Int($0 / 1_000_000) }
    return Snapshot(
      of: identity,
      figures: [
        "width": width,
        "in": state.received,
        "out": state.sent,
        "busy": state.workers[Activity.busy.rawValue],
        "starved": state.workers[Activity.starved.rawValue],
        "blocked": state.workers[Activity.blocked.rawValue],
        "busy ms": milliseconds[Activity.busy.rawValue],
        "starved ms": milliseconds[Activity.starved.rawValue],
        "blocked ms": milliseconds[Activity.blocked.rawValue],
      ]
    )
  }
}

/// What all stages of one run share: the first error, and the two ways to end.
@usableFromInline
final class StageScope: Sendable {
  private let failure = Guarded<(any Error)?>(nil)
  /// Set when something failed or all is done.
  let stop: AsyncEvent
  /// Set when sources are to take nothing more.
  @usableFromInline let draining: AsyncEvent

  init(file: StaticString, line: UInt32) {
    stop = AsyncEvent(file: file, line: line)
    draining = AsyncEvent(file: file, line: line)
  }

  /// Runs a part of a stage; its error gets the stage's name and ends the run at once.
  @inlinable @inline(__always)
  func run<Success>(
    _ identity: ObjectIdentity,
    _ body: () async throws -> Success
  ) async throws -> Success {
    do {
      return try await body()
    } catch {
      throw fail(error, identity)
    }
  }

  @usableFromInline
  func fail(_ error: any Error, _ identity: ObjectIdentity) -> any Error {
    // A stage behind the one that failed sees its error too, and a cancelled one that it is cancelled.
    let isNamed = error is StageFailure || (error is CancellationError && Task.isCancelled)
    let named = isNamed ? error : StageFailure(stage: identity, underlying: error)
    failure.withLock { if $0 == nil { $0 = named } }
    stop.set()
    return named
  }

  func throwFailure() throws {
    if let error = failure.withLock({ $0 }) { throw error }
  }
}

/// An error in a stage, with the stage's name.
public struct StageFailure: Error, CustomStringConvertible {
  /// The stage whose work, or whose source, threw the error.
  public let stage: ObjectIdentity
  /// What it threw.
  public let underlying: any Error

  /// Which stage failed, and with what.
  public var description: String {
    "\(stage) failed, which ended all stages: \(underlying)"
  }
}
