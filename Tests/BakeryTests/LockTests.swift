import Testing

@testable import Bakery

private final class Counter: @unchecked Sendable {
  let lock = Lock()
  var value = 0
}

/// Runs `body` on `count` threads and returns when all are done.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
  await withTaskGroup { group in
    for index in 0..<count {
      group.addTask {
        await withUnsafeContinuation { continuation in
          startThread(named: "test \(index)") {
            body(index)
            continuation.resume()
          }
        }
      }
    }
  }
}

@Suite(.serialized) struct LockTests {
  @Test func `increments under the lock are not lost`() async {
    let counter = Counter()
    await onThreads(4) { _ in
      for _ in 0..<50_000 {
        counter.lock.lock()
        counter.value += 1
        counter.lock.unlock()
      }
    }
    #expect(counter.value == 200_000)
  }

  @Test func `a holder that leaves the processor keeps nobody out for ever`() async {
    let counter = Counter()
    let parker = Parker()
    await onThreads(4) { _ in
      for _ in 0..<200 {
        counter.lock.lock()
        counter.value += 1
        // Long enough that the others stop spinning and sleep in the kernel.
        parker.park(parker.ticket, nanoseconds: 20_000)
        counter.lock.unlock()
      }
    }
    #expect(counter.value == 800)
  }

  @Test func `a wake-up that comes before the park is not lost`() {
    let parker = Parker()
    let ticket = parker.ticket
    parker.unpark()
    parker.park(ticket)
    #expect(parker.ticket == ticket &+ 1)
  }
}

private final class PointCounter: ThreadScheduler {
  let points = Guarded(0)
  var group: ObjectIdentifier? { nil }
  func reach(at object: UInt) { points.withLockUnobserved { $0 += 1 } }
  func sleep(on word: UnsafeRawPointer, while expected: UInt32, nanoseconds: Int64) {}
  func wake() {}
  func fork(named name: String, _ body: @escaping @Sendable () -> Void) {}
  func note(_ kind: TraceEvent.Kind, of object: ObjectIdentity, count: Int) {}
  func noteLock(_ word: UnsafeRawPointer) {}
  func withoutPoints(_ body: () -> Void) { body() }
}

// One after another with all that observes the process, or that needs it unobserved.
extension TraceTests {
  @Test func `each operation of a lock is a scheduling point on a scheduled thread`() {
    let counter = PointCounter()
    let word = Guarded(0)
    SchedulingPoint.beginScheduling()
    SchedulingPoint.setScheduler(counter)
    word.withLock { $0 += 1 }
    word.withLock { $0 += 1 }
    let isPlain = Mode.isPlain
    SchedulingPoint.setScheduler(nil)
    word.withLock { $0 += 1 }
    SchedulingPoint.endScheduling()
    #expect(isPlain)
    #expect(counter.points.withLockUnobserved { $0 } == 3)
  }
}
