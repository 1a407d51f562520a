/// Where the inputs of a window come from; asked by one task at a time, whose turn it is.
@usableFromInline
protocol WindowSource<Element> {
  associatedtype Element: Sendable

  /// The next input, or `nil` after the last one.
  mutating func next() async throws -> Element?
}

/// The inputs of a sequence.
@usableFromInline
struct SequenceSource<Inputs: Sequence>: WindowSource where Inputs.Element: Sendable {
  @usableFromInline var iterator: Inputs.Iterator

  @inlinable
  init(_ inputs: Inputs) {
    iterator = inputs.makeIterator()
  }

  @inlinable @inline(__always)
  mutating func next() async throws -> Inputs.Element? { iterator.next() }
}

/// The inputs of an asynchronous sequence.
@usableFromInline
struct AsyncSource<Inputs: AsyncSequence>: WindowSource where Inputs.Element: Sendable {
  @usableFromInline var iterator: Inputs.AsyncIterator

  @inlinable
  init(_ inputs: Inputs) {
    iterator = inputs.makeAsyncIterator()
  }

  @inlinable @inline(__always)
  mutating func next() async throws -> Inputs.Element? {
    try await iterator.next(isolation: #isolation)
  }
}

/// A source that the workers of a window pass to one another.
// Safe because only the worker whose turn it is asks the source, turns follow one another under the window's lock, and
// `init` takes the source `sending`.
@usableFromInline
final class SharedSource<Source: WindowSource & SendableMetatype>: @unchecked Sendable {
  /// Behind a pointer, so that inlined code pays no exclusivity checks; owned by this object.
  @usableFromInline let source: UnsafeMutablePointer<Source>

  @inlinable
  init(_ source: sending Source) {
    self.source = .allocate(capacity: 1)
    self.source.initialize(to: source)
  }

  @inlinable
  deinit {
    source.deinitialize(count: 1)
    source.deallocate()
  }
}

/// What is done with each input, and what becomes of the outcome.
@usableFromInline
struct ItemWork<Input: Sendable, Output: Sendable, Kept: Sendable>: Sendable {
  @usableFromInline let policy: GatherPolicy<Output, Kept>
  @usableFromInline let limiter: (any ConcurrencyLimiter)?
  @usableFromInline let transform: @concurrent @Sendable (Input) async throws -> Output

  @inlinable
  init(
    _ policy: GatherPolicy<Output, Kept>,
    _ limiter: (any ConcurrencyLimiter)? = nil,
    _ transform: @escaping @concurrent @Sendable (Input) async throws -> Output
  ) {
    self.policy = policy
    self.limiter = limiter
    self.transform = transform
  }

  /// The work on an input when the limiter admits it; throws the limiter's errors, which are not those of an item.
  @inlinable
  @concurrent
  func outcome(
    of input: Input,
    when limiter: any ConcurrencyLimiter
  ) async throws -> Result<Output, any Error> {
    let permit = try await limiter.acquire(1, deadline: .never)
    let result = await Result.capturing(input, transform)
    permit.release(result.permitOutcome)
    return result
  }
}

/// Starts workers as they find something to do, at most `width`, and waits for all of them.
///
/// The first one that throws cancels the others at once.
@inlinable
func runWorkers<Source: WindowSource & SendableMetatype, Output: Sendable, Kept: Sendable>(
  _ width: Int,
  on window: WindowCore<Kept>,
  from source: SharedSource<Source>,
  _ item: ItemWork<Source.Element, Output, Kept>
) async throws {
  defer { window.leave() }
  do {
    try await withThrowingDiscardingTaskGroup { group in
      var started = 0
      while started < width, try await window.needsWorker() {
        window.join()
        group.addTask(name: window.identity.name) {
          try await work(on: window, from: source, item)
        }
        started += 1
      }
    }
  } catch {
    window.stop(error)
    throw error
  }
}

/// A worker: one input after another until there are no more.
///
/// As `transform` is, it is `@concurrent`: otherwise it would ask the runtime after each item where it is to go on.
@inlinable
@concurrent
func work<Source: WindowSource & SendableMetatype, Output: Sendable, Kept: Sendable>(
  on window: WindowCore<Kept>,
  from source: SharedSource<Source>,
  _ item: ItemWork<Source.Element, Output, Kept>
) async throws {
  defer { window.leave() }
  window.meter?.change(from: nil, to: .busy)
  defer { window.meter?.change(from: .busy, to: nil) }
  do {
    guard try await window.arrive() else { return }
    repeat {
      let input = try await source.source.pointee.next()
      guard let index = window.didTake(input != nil), let input else { return }
      let result =
        if let limiter = item.limiter {
          try await item.outcome(of: input, when: limiter)
        } else {
          await Result.capturing(input, item.transform)
        }
      let output = (index, try item.policy.keep(result))
      guard try await window.turn(after: output) else { return }
    } while true
  } catch {
    window.stop(error)
    throw error
  }
}
