/// One call in a `BlockingPool`, without its type: what the pool knows of it.
// Safe because subclasses touch their fields on the pool's thread before `finish`, and in the task after `waitForEnd`.
class BlockingJob: @unchecked Sendable {
  private struct End {
    var isHere = false
    var continuation: UnsafeContinuation<Void, Never>?
  }

  private let end = Guarded(End())

  /// Makes the call, on a thread of the pool.
  func run() {}

  /// Lets the task go on.
  final func finish() {
    let continuation = end.withLock { end in
      end.isHere = true
      return end.continuation.take()
    }
    continuation?.resume()
  }

  /// Suspends until `finish`, cancelled or not: the call is running and its result will come.
  final func waitForEnd() async {
    guard !end.withLock({ $0.isHere }) else { return }
    await withUnsafeContinuation { continuation in
      let isHere = end.withLock { end in
        if !end.isHere { end.continuation = continuation }
        return end.isHere
      }
      if isHere { continuation.resume() }
    }
  }
}

/// One call with its body and its result.
// Safe because the body is touched on the pool's thread only, and the result there before `finish` and in the task
// after `waitForEnd`.
final class BlockingCall<Success>: BlockingJob, @unchecked Sendable {
  private var body: (() throws -> Success)?
  private var result: Result<Success, any Error>?

  init(_ body: sending @escaping () throws -> sending Success) {
    self.body = body
  }

  override func run() {
    guard let body = body.take() else { return }
    result = Result(catching: body)
  }

  func takeResult() throws -> sending Success {
    // Safe because nobody else reads the result, and the body gave it `sending`.
    nonisolated(unsafe) let taken = result.take()
    guard let taken else { misuse("a call of a BlockingPool has ended without a result") }
    return try taken.get()
  }
}
