// Floors of the semaphore rows: no cancellation, no deadlines, no names.

/// A counter behind a mutex: a semaphore of which nobody ever has to wait.
// Safe because every access to `permits` holds `mutex`.
final class FloorCounter: @unchecked Sendable {
  private let mutex = AdaptiveMutex()
  private(set) var permits: Int

  init(_ permits: Int) { self.permits = permits }

  @inline(__always)
  func acquire() -> Bool {
    mutex.lock()
    defer { mutex.unlock() }
    guard permits > 0 else { return false }
    permits -= 1
    return true
  }

  @inline(__always)
  func release() {
    mutex.lock()
    permits += 1
    mutex.unlock()
  }

  @inline(__always)
  func withPermit(_ body: () async -> Void) async -> Bool {
    guard acquire() else { return false }
    await body()
    release()
    return true
  }
}

/// A semaphore whose waiters stand in an array used as a stack: who waited last goes first, which is
/// the cheapest order and an unfair one.
// Safe because every access to the variables holds `mutex`.
final class FloorSemaphore: @unchecked Sendable {
  private let mutex = AdaptiveMutex()
  private var permits: Int
  private var waiters: [UnsafeContinuation<Void, Never>] = []

  init(_ permits: Int) { self.permits = permits }

  @inline(__always)
  func acquire() async {
    mutex.lock()
    if permits > 0 {
      permits -= 1
      mutex.unlock()
      return
    }
    mutex.unlock()
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      mutex.lock()
      // A permit may have come back since the lock was let go.
      if permits > 0 {
        permits -= 1
        mutex.unlock()
        continuation.resume()
      } else {
        waiters.append(continuation)
        mutex.unlock()
      }
    }
  }

  @inline(__always)
  func release() {
    mutex.lock()
    let next = waiters.popLast()
    if next == nil { permits += 1 }
    mutex.unlock()
    next?.resume()
  }
}
