/// Transforms every element of `input` on the threads of a pool, and returns the results in the order of the input.
///
/// For computations: a transformation that waits belongs into `gather`. Tasks take pieces of the input until none is
/// left; the caller suspends meanwhile, and holds no thread.
///
/// > Ordering: results are in input order; the calls of `transform` are not.
///
/// > Cancellation: cancels the body and waits for it. Tasks look between pieces.
///
/// - Complexity: O(*n*) calls and one allocation of the results; a task costs about a microsecond.
/// - Important: traps when `grain` or `width` is less than 1.
/// - Parameters:
///   - input: What to transform.
///   - grain: How many elements are worth a task: give more for cheap ones. An input of no more is transformed on the
///     calling task.
///   - width: How many tasks at once; by default as many as the pool has threads.
///   - pool: Where to compute.
///   - transform: What to do with each element.
/// - Returns: The results.
/// - Throws: The first error that `transform` throws, after all tasks have ended; `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/UseAllCores", slice: "map")
@inlinable
public func parallelMap<Input: RandomAccessCollection & Sendable, Output: Sendable>(
  _ input: Input,
  grain: Int = 1,
  width: Int? = nil,
  on pool: ThreadPool = .shared,
  _ transform: @escaping @Sendable (Input.Element) throws -> Output
) async throws -> [Output] {
  let work = ParallelWork(
    count: input.count,
    grain: grain,
    width: width,
    on: pool,
    "parallelMap"
  )
  let output = ParallelOutput<Output>(for: work)
  try await work.run(on: pool) { piece, range in
    var place = input.index(input.startIndex, offsetBy: range.lowerBound)
    try output.fill(piece, range) {
      defer { input.formIndex(after: &place) }
      return try transform(input[place])
    }
  }
  return output.take()
}

/// Calls `body` for every element of `input` on the threads of a pool.
///
/// > Ordering: none among the calls; all have ended when this returns.
///
/// > Cancellation: cancels the body and waits for it. Tasks look between pieces.
///
/// - Important: traps when `grain` or `width` is less than 1.
/// - Parameters:
///   - input: What to go through.
///   - grain: How many elements are worth a task. An input of no more is done on the calling task.
///   - width: How many tasks at once; by default as many as the pool has threads.
///   - pool: Where to compute.
///   - body: What to do with each element.
/// - Throws: The first error that `body` throws, after all tasks have ended; `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/UseAllCores", slice: "forEach")
@inlinable
public func parallelForEach<Input: RandomAccessCollection & Sendable>(
  _ input: Input,
  grain: Int = 1,
  width: Int? = nil,
  on pool: ThreadPool = .shared,
  _ body: @escaping @Sendable (Input.Element) throws -> Void
) async throws {
  let work = ParallelWork(
    count: input.count,
    grain: grain,
    width: width,
    on: pool,
    "parallelForEach"
  )
  try await work.run(on: pool) { _, range in
    var place = input.index(input.startIndex, offsetBy: range.lowerBound)
    for _ in range {
      try body(input[place])
      input.formIndex(after: &place)
    }
  }
}

/// Folds `input` into one value on the threads of a pool, always by the same tree.
///
/// The input is folded in blocks of 256 elements, and the results of neighbouring blocks are combined two by two until one
/// is left. That depends on the number of elements alone: so a sum of floating-point numbers has the same bits
/// at every width and grain, though not those of a loop from the first element to the last.
///
/// > Cancellation: cancels the body and waits for it. Tasks look between pieces.
///
/// - Complexity: O(*n*) calls of `fold` and O(*n* / 256) of `combine`, in O(log *n*) rounds.
/// - Important: traps when `grain` or `width` is less than 1.
/// - Parameters:
///   - input: What to fold.
///   - identity: What each block begins with: `combine(identity, x)` has to be `x`.
///   - grain: How many elements are worth a task; rounded up to whole blocks.
///   - width: How many tasks at once; by default as many as the pool has threads.
///   - pool: Where to compute.
///   - fold: Adds an element to a value.
///   - combine: Puts two values together, the left one of earlier elements; it has to be associative as far as the
///     result is to be that of a loop.
/// - Returns: The value of the whole input, `identity` for an empty one.
/// - Throws: The first error of `fold` or `combine`, after all tasks have ended; `CancellationError`.
///
/// @Snippet(path: "bakery/Snippets/UseAllCores", slice: "reduce")
@inlinable
public func parallelReduce<Input: RandomAccessCollection & Sendable, Value: Sendable>(
  _ input: Input,
  identity: Value,
  grain: Int = 1,
  width: Int? = nil,
  on pool: ThreadPool = .shared,
  _ fold: @escaping @Sendable (Value, Input.Element) throws -> Value,
  combine: @escaping @Sendable (Value, Value) throws -> Value
) async throws -> Value {
  let block = 256
  let count = input.count
  var values = try await parallelMap(
    0..<((count + block - 1) / block),
    grain: (max(grain, 1) + block - 1) / block,
    width: width,
    on: pool
  ) { index in
    var place = input.index(input.startIndex, offsetBy: index * block)
    var value = identity
    for _ in index * block..<min((index + 1) * block, count) {
      value = try fold(value, input[place])
      input.formIndex(after: &place)
    }
    return value
  }
  while values.count > 1 {
    let level = values
    values = try await parallelMap(
      0..<((level.count + 1) / 2),
      grain: 16,
      width: width,
      on: pool
    ) { index in
      guard index * 2 + 1 < level.count else { return level[index * 2] }
      return try combine(level[index * 2], level[index * 2 + 1])
    }
  }
  return values.first ?? identity
}
