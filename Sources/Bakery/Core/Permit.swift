/// The right to do something until the value's life ends; what every limiter hands out.
///
/// A permit cannot be copied, so it cannot be released twice, and it cannot be lost: the end of its scope
/// gives it back. `release(_:)` does so earlier and says how the work went, from which adaptive
/// limiters learn.
///
/// @Snippet(path: "bakery/Snippets/LimitWork", slice: "permit")
public struct Permit: ~Copyable, Sendable {
  /// How the permitted work ended.
  public enum Outcome: Sendable {
    /// It was done; its duration says something about the load.
    case success
    /// It says nothing about the load: cancelled, or answered from a cache. What `deinit` reports.
    case ignore
    /// It was refused or timed out: a sign of overload.
    case dropped
  }

  @usableFromInline let owner: any ConcurrencyLimiter
  /// How many units the permit stands for.
  public let count: Int
  @usableFromInline let token: UInt64
  @usableFromInline var outcome = Outcome.ignore

  /// Makes a permit; only limiters do.
  ///
  /// - Parameters:
  ///   - owner: The limiter that gets the permit back.
  ///   - count: How many units the permit stands for.
  ///   - token: The limiter's own note, handed back to `permitEnded`.
  @inlinable
  public init(owner: any ConcurrencyLimiter, count: Int, token: UInt64) {
    self.owner = owner
    self.count = count
    self.token = token
  }

  /// Gives the permit back now, not at the end of its scope.
  @inlinable
  public consuming func release(_ outcome: Outcome = .success) {
    self.outcome = outcome
  }

  @inlinable
  deinit {
    owner.permitEnded(count: count, token: token, outcome: outcome)
  }
}

/// Anything that limits how much happens at once: a semaphore, a bulkhead, an adaptive limiter.
///
/// @Snippet(path: "bakery/Snippets/LimitWork", slice: "limiter")
public protocol ConcurrencyLimiter: Traceable {
  /// Waits until `count` units are granted, in the order of the calls.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Throws: `CancellationError`, `DeadlineExceeded`, or the limiter's own errors.
  func acquire(_ count: Int, deadline: Deadline) async throws -> Permit

  /// Takes `count` units if they are free and nobody waits.
  func tryAcquire(_ count: Int) -> Permit?

  /// Takes back a permit; called once for each permit, by `Permit` alone.
  func permitEnded(count: Int, token: UInt64, outcome: Permit.Outcome)
}
