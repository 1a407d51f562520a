/// Runs `transform` on every element of an asynchronous sequence, at most `width` at a time, and returns the outputs.
///
/// For inputs that come over time, have an end, and whose outputs are wanted together; otherwise take `gatherStream`. The
/// next element is asked for when a task is free to work on it, and no later than `2 * width` elements after the first one
/// that is not done: so slow work holds back the source. The first error, of an item or of the sequence, cancels the other
/// items and a wait for the next element; when all have ended, it is thrown.
///
/// With a limiter each item holds one permit while it runs, and ends it as in `gather(_:limiter:order:itemTimeout:itemName:_:)`;
/// its element is taken before the permit is waited for.
///
/// > Ordering: elements are taken in their order; which of those under way gets on first is not defined.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Complexity: O(*n*); three short locks an item. Tasks are started as they find something to do.
/// - Important: traps when `width` is less than 1.
/// - Parameters:
///   - inputs: What to work on; iterated by one task at a time.
///   - width: How many items may be under way at once.
///   - limiter: Who decides, from item to item, how many of these may run.
///   - order: The order of the outputs.
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
///   - name: What dumps call it; a named one is in the dump from the start.
///   - file: Where it is called.
///   - line: Where it is called.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: The outputs; none for no inputs.
/// - Throws: What `transform`, `limiter` or the sequence throws first, or `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/GatherResults", slice: "async")
@inlinable
public func gather<Inputs: AsyncSequence & SendableMetatype, Output: Sendable>(
  _ inputs: sending Inputs,
  width: Int,
  limiter: (any ConcurrencyLimiter)? = nil,
  order: GatherOrder = .input,
  itemTimeout: Duration? = nil,
  itemName: (@Sendable (Inputs.Element) -> String)? = nil,
  name: String? = nil,
  file: StaticString = #fileID,
  line: UInt32 = #line,
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Output] where Inputs.Element: Sendable {
  try await gather(
    inputs,
    width: width,
    limiter: limiter,
    order: order,
    policy: .failFast,
    itemTimeout: itemTimeout,
    itemName: itemName,
    name: name,
    file: file,
    line: line,
    transform
  )
}

/// Runs `transform` on every element of an asynchronous sequence, at most `width` at a time, and returns what `policy` keeps.
///
/// The policy is about the items; an error of the sequence itself ends the gather in any case. How many elements there are
/// is not known, so too few successes are an error when the sequence has ended.
///
/// > Cancellation: cancels the body and waits for it; no further inputs are taken.
///
/// - Important: traps when `width` is less than 1.
/// - Parameters:
///   - inputs: What to work on; iterated by one task at a time.
///   - width: How many items may be under way at once.
///   - limiter: Who decides, from item to item, how many of these may run.
///   - order: The order of the outputs.
///   - policy: What becomes of errors, and how many successes are enough.
///   - itemTimeout: How long one item may take; then it is cancelled and fails with `DeadlineExceeded`. Costs a child
///     task an item.
///   - itemName: What dumps call the task of an item. Costs a child task an item.
///   - name: What dumps call it; a named one is in the dump from the start.
///   - file: Where it is called.
///   - line: Where it is called.
///   - transform: The work; runs in a child task, off the caller's actor.
/// - Returns: What the policy keeps of each item.
/// - Throws: The error that the policy lets through, what `limiter` or the sequence throws, or `CancellationError`.
@inlinable
public func gather<Inputs: AsyncSequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
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
  _ transform: @escaping @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws -> [Kept] where Inputs.Element: Sendable {
  let identity = ObjectIdentity(kind: "gather", name: name, file: file, line: line)
  let transform = bounded(transform, timeout: itemTimeout, name: itemName)
  guard let needed = policy.needed else {
    let work = ItemWork(policy, limiter, transform)
    return try await stream(SharedSource(AsyncSource(inputs)), width, order, identity, work) {
      var kept: [Kept] = []
      for try await output in $0 { kept.append(output) }
      return kept
    }
  }
  let source = SharedSource(NumberedSource(AsyncSource(inputs)))
  let work = ItemWork<_, _, Result<(index: Int, output: Kept), any Error>>(
    GatherPolicy { result in
      Result { (try result.get().index, try policy.keep(result.map(\.output))) }
    },
    limiter
  ) { (input: NumberedSource<AsyncSource<Inputs>>.Element) in
    (index: input.index, output: try await transform(input.element))
  }
  // As they are completed, because the first ones that succeed are enough.
  return try await stream(source, width, .completion, identity, work) {
    var tally = GatherTally<Kept>()
    for try await outcome in $0 where tally.count(outcome, needed: needed) { break }
    return try tally.finish(order, needed: needed)
  }
}

/// Inputs with their numbers.
@usableFromInline
struct NumberedSource<Source: WindowSource>: WindowSource {
  @usableFromInline var source: Source
  @usableFromInline var count = 0

  @inlinable
  init(_ source: Source) {
    self.source = source
  }

  @inlinable
  mutating func next() async throws -> (index: Int, element: Source.Element)? {
    guard let element = try await source.next() else { return nil }
    defer { count += 1 }
    return (count, element)
  }
}
