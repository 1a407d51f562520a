/// Lets `start` add children, waits for all of them, and returns the board's outputs.
@inlinable
func withChildren<Inputs: Sequence & SendableMetatype, Kept: Sendable>(
  of board: GatherBoard<Inputs, Kept>,
  _ start: (inout ThrowingTaskGroup<Void, any Error>) async throws -> Void
) async throws -> [Kept] where Inputs.Element: Sendable {
  try await withTaskCancellationHandler {
    // Throwing out of the group cancels the children and waits for them; the board knows the first error.
    try? await withThrowingTaskGroup(of: Void.self) { group in
      try await start(&group)
      // Not waitForAll: it would wait for the others before it throws.
      for try await _ in group {}
    }
    return try board.finish()
  } onCancel: {
    board.stop(CancellationError())
  }
}

/// A child's work: one input after another until there are no more.
@inlinable
func work<Inputs: Sequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
  on board: GatherBoard<Inputs, Kept>,
  from first: (index: Int, input: Inputs.Element),
  _ policy: GatherPolicy<Output, Kept>,
  _ transform: @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws where Inputs.Element: Sendable {
  var item = first
  while true {
    do {
      let kept = try await outcome(of: item.input, policy, transform)
      guard let next = board.next(after: (item.index, kept)) else { return }
      item = next
    } catch {
      board.stop(error)
      throw error
    }
  }
}

/// A child's work under a limiter: the input is taken first, so that no permit is waited for in vain.
@inlinable
func work<Inputs: Sequence & SendableMetatype, Output: Sendable, Kept: Sendable>(
  on board: GatherBoard<Inputs, Kept>,
  _ limiter: any ConcurrencyLimiter,
  wanted: Channel<Void>.Sender,
  _ policy: GatherPolicy<Output, Kept>,
  _ transform: @concurrent @Sendable (Inputs.Element) async throws -> Output
) async throws where Inputs.Element: Sendable {
  var output: (index: Int, kept: Kept)?
  while let item = board.next(after: output) {
    do {
      board.willWait()
      let permit = try await limiter.acquire(1, deadline: .never)
      if board.didWait() { try? wanted.trySend(()) }
      do {
        output = (item.index, try await outcome(of: item.input, policy, transform))
        permit.release(.success)
      } catch {
        permit.release(error is DeadlineExceeded ? .dropped : .ignore)
        throw error
      }
    } catch {
      board.stop(error)
      throw error
    }
  }
  wanted.close()
}

/// Runs one item and keeps what the policy says.
@inlinable @inline(__always)
func outcome<Input: Sendable, Output: Sendable, Kept: Sendable>(
  of input: Input,
  _ policy: GatherPolicy<Output, Kept>,
  _ transform: @concurrent @Sendable (Input) async throws -> Output
) async throws -> Kept {
  let output: Output
  do {
    output = try await transform(input)
  } catch {
    return try policy.keep(.failure(error))
  }
  return try policy.keep(.success(output))
}
