extension WaitOwner where Self: Traceable {
  /// What a granted wait was told, or the error of one that was cancelled or ran out of time.
  ///
  /// For objects that are never closed and never refuse.
  func grantedValue(
    _ outcome: WaitOutcome,
    _ operation: StaticString,
    until deadline: Deadline
  ) throws -> UInt64 {
    switch outcome {
    case .granted(let value): return value
    case .timedOut:
      throw DeadlineExceeded(operation: "\(operation) on \(identity)", deadline: deadline)
    case .cancelled, .closed, .impossible: throw CancellationError()
    }
  }
}
