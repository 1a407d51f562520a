/// Runs `transform` on every input, at most `width` at a time, and lets `consume` receive the outputs as they come.
///
/// For what is too much to be gathered into an array, or has no end. Inputs are taken when a worker is free and at most
/// `2 * width` items are in flight: under way, or waiting to be received. So a slow consumer slows down the work, and the
/// work the source; nothing piles up.
///
/// With a limiter each item holds one permit while it runs, and ends it with `.success`, with `.dropped` when it ran out of
/// time, or with `.ignore`; an error of the limiter ends the stream. Its input is taken before the permit is waited for.
///
/// The first error cancels the other items; when they have ended, the consumer's next call throws that first error,
/// not the cancellations it caused. Outputs that it has not received by then are dropped. When `consume` returns early
/// or throws, the remaining items are cancelled and awaited.
///
/// > Ordering: inputs are taken in their order; outputs come in the order of the inputs or as they are completed.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Complexity: O(*n*); three short locks an item. Workers are started as they find something to do.
/// - Important: traps when `width` is less than 1.
/// - Parameters:
///   - inputs: What to work on; iterated by one task at a time.
///   - width: How many items may be under way at once.
///   - limiter: Who decides, from item to item, how many of these may run.
///   - order: The order of the outputs.
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
///   - name: What dumps and errors call it; a named one is in the dump from the start.
///   - file: Where it is called.
///   - line: Where it is called.
///   - transform: The work; runs in a child task, off the caller's actor.
///   - consume: Receives the outputs, on the caller's actor.
/// - Returns: What `consume` returns, also when items failed after it stopped receiving.
/// - Throws: What `consume` throws, which is what `transform` or the inputs threw first if it lets that through, or
///   `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/StreamResults", slice: "stream")
@inlinable
public func gatherStream<
  Inputs: Sequence & SendableMetatype,
  Output: Sendable,
  Success: Sendable
>(
  _ inputs: sending Inputs,
  width: Int,
  limiter: (any ConcurrencyLimiter)? = nil,
  order: GatherOrder = .input,
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output,
  consume: nonisolated(nonsending) (GatheredOutputs<Output>) async throws -> Success
) async throws -> Success where Inputs.Element: Sendable {
  let identity = ObjectIdentity(kind: "gatherStream", name: name, file: file, line: line)
  let source = SharedSource(SequenceSource(inputs))
  let work = ItemWork(.failFast, limiter, bounded(transform, timeout: itemTimeout, name: itemName))
  return try await stream(source, width, order, identity, work, consume)
}

/// Runs `transform` on every input, at most `width` at a time, and lets `consume` receive what `policy` keeps.
///
/// As `gatherStream(_:width:limiter:order:itemTimeout:itemName:name:file:line:_:consume:)`; with `.collect` every item has its `Result` and none
/// stops the others.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Important: traps when `width` is less than 1, or the policy is one that has enough at some point.
/// - Parameters:
///   - inputs: What to work on; iterated by one task at a time.
///   - width: How many items may be under way at once.
///   - limiter: Who decides, from item to item, how many of these may run.
///   - order: The order of the outputs.
///   - policy: What becomes of errors: `.failFast` or `.collect`.
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
///   - name: What dumps and errors call it; a named one is in the dump from the start.
///   - file: Where it is called.
///   - line: Where it is called.
///   - transform: The work; runs in a child task, off the caller's actor.
///   - consume: Receives what the policy keeps of each item, on the caller's actor.
/// - Returns: What `consume` returns.
/// - Throws: What `consume` throws, or `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/StreamResults", slice: "items")
@inlinable
public func gatherStream<
  Inputs: Sequence & SendableMetatype,
  Output: Sendable,
  Kept: Sendable,
  Success: Sendable
>(
  _ inputs: sending Inputs,
  width: Int,
  limiter: (any ConcurrencyLimiter)? = nil,
  order: GatherOrder = .input,
  policy: GatherPolicy<Output, Kept>,
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output,
  consume: nonisolated(nonsending) (GatheredOutputs<Kept>) async throws -> Success
) async throws -> Success where Inputs.Element: Sendable {
  let identity = ObjectIdentity(kind: "gatherStream", name: name, file: file, line: line)
  let source = SharedSource(SequenceSource(inputs))
  let work = ItemWork(policy, limiter, bounded(transform, timeout: itemTimeout, name: itemName))
  return try await stream(source, width, order, identity, work, consume)
}

/// Runs `transform` on every element of an asynchronous sequence, at most `width` at a time.
///
/// As `gatherStream(_:width:limiter:order:itemTimeout:itemName:name:file:line:_:consume:)`. The next element is asked for when a worker is free to
/// work on it; an error of the sequence ends the stream as one of `transform` does.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Important: traps when `width` is less than 1.
/// - Parameters:
///   - inputs: What to work on; iterated by one task at a time.
///   - width: How many items may be under way at once.
///   - limiter: Who decides, from item to item, how many of these may run.
///   - order: The order of the outputs.
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
///   - name: What dumps and errors call it; a named one is in the dump from the start.
///   - file: Where it is called.
///   - line: Where it is called.
///   - transform: The work; runs in a child task, off the caller's actor.
///   - consume: Receives the outputs, on the caller's actor.
/// - Returns: What `consume` returns, also when items failed after it stopped receiving.
/// - Throws: What `consume` throws, or `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/StreamResults", slice: "async")
@inlinable
public func gatherStream<
  Inputs: AsyncSequence & SendableMetatype,
  Output: Sendable,
  Success: Sendable
>(
  _ inputs: sending Inputs,
  width: Int,
  limiter: (any ConcurrencyLimiter)? = nil,
  order: GatherOrder = .input,
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output,
  consume: nonisolated(nonsending) (GatheredOutputs<Output>) async throws -> Success
) async throws -> Success where Inputs.Element: Sendable {
  let identity = ObjectIdentity(kind: "gatherStream", name: name, file: file, line: line)
  let source = SharedSource(AsyncSource(inputs))
  let work = ItemWork(.failFast, limiter, bounded(transform, timeout: itemTimeout, name: itemName))
  return try await stream(source, width, order, identity, work, consume)
}

/// Runs `transform` on every element of an asynchronous sequence and lets `consume` receive what `policy` keeps.
///
/// The policy is about the items; an error of the sequence itself ends the stream in any case.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Important: traps when `width` is less than 1, or the policy is one that has enough at some point.
/// - Parameters:
///   - inputs: What to work on; iterated by one task at a time.
///   - width: How many items may be under way at once.
///   - limiter: Who decides, from item to item, how many of these may run.
///   - order: The order of the outputs.
///   - policy: What becomes of errors: `.failFast` or `.collect`.
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
///   - name: What dumps and errors call it; a named one is in the dump from the start.
///   - file: Where it is called.
///   - line: Where it is called.
///   - transform: The work; runs in a child task, off the caller's actor.
///   - consume: Receives what the policy keeps of each item, on the caller's actor.
/// - Returns: What `consume` returns.
/// - Throws: What `consume` throws, or `CancellationError`.
@inlinable
public func gatherStream<
  Inputs: AsyncSequence & SendableMetatype,
  Output: Sendable,
  Kept: Sendable,
  Success: Sendable
>(
  _ inputs: sending Inputs,
  width: Int,
  limiter: (any ConcurrencyLimiter)? = nil,
  order: GatherOrder = .input,
  policy: GatherPolicy<Output, Kept>,
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output,
  consume: nonisolated(nonsending) (GatheredOutputs<Kept>) async throws -> Success
) async throws -> Success where Inputs.Element: Sendable {
  let identity = ObjectIdentity(kind: "gatherStream", name: name, file: file, line: line)
  let source = SharedSource(AsyncSource(inputs))
  let work = ItemWork(policy, limiter, bounded(transform, timeout: itemTimeout, name: itemName))
  return try await stream(source, width, order, identity, work, consume)
}

/// The outputs of a `gatherStream`, for the one task that consumes them; valid while `consume` runs.
///
/// Several loops one after another go on where the last one stopped.
///
/// @Snippet(path: "bakery/Snippets/StreamResults", slice: "stream")
public struct GatheredOutputs<Element: Sendable>: AsyncSequence {
  @usableFromInline let window: WindowCore<Element>

  @inlinable
  init(_ window: WindowCore<Element>) {
    self.window = window
  }

  /// The stream now: `taken`, `under way`, `ready`, `received`, and who waits.
  public func snapshot() -> Snapshot { window.snapshot() }

  /// Iterates over the outputs that nobody received yet.
  @inlinable
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(window) }

  /// Receives one output after another; yields to other tasks now and then even if outputs are always there.
  public struct AsyncIterator: AsyncIteratorProtocol {
    @usableFromInline let window: WindowCore<Element>
    @usableFromInline var turn = YieldTurn()

    @inlinable
    init(_ window: WindowCore<Element>) {
      self.window = window
    }

    /// The next output, or `nil` after the last one.
    ///
    /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
    ///
    /// - Throws: The error that ended the stream, when no item is under way any more, or `CancellationError`.
    @inlinable
    public mutating func next() async throws -> Element? {
      if turn.isOverAfterTaking() { await Task.yield() }
      return try await window.receive(until: .never)
    }
  }
}

@available(*, unavailable)
extension GatheredOutputs: Sendable {}

/// The window, its crew and its consumer, in one scope.
@inlinable
func stream<
  Source: WindowSource & SendableMetatype,
  Output: Sendable,
  Kept: Sendable,
  Success: Sendable
>(
  _ source: SharedSource<Source>,
  _ width: Int,
  _ order: GatherOrder,
  _ identity: ObjectIdentity,
  _ work: ItemWork<Source.Element, Output, Kept>,
  _ consume: nonisolated(nonsending) (GatheredOutputs<Kept>) async throws -> Success
) async throws -> Success {
  require(width >= 1, "\(identity.kind) needs a width of at least 1, got \(width)")
  require(
    work.policy.needed == nil,
    "gatherStream takes the policies .failFast and .collect; who has enough returns from consume"
  )
  let window = WindowCore<Kept>(width: width, order: order, identity: identity)
  return try await withTaskCancellationHandler {
    var outcome: Result<Success, any Error> = .failure(CancellationError())
    // What workers throw is known to the window, which tells the consumer.
    try? await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await runWorkers(width, on: window, from: source, work) }
      outcome = await .capturing { try await consume(GatheredOutputs(window)) }
      window.stop(nil)
      group.cancelAll()
    }
    return try outcome.get()
  } onCancel: {
    window.stop(CancellationError())
  }
}
