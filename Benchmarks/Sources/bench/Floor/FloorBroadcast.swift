/// A ring that many read, each at its own place: one lock, and whoever finds nothing new leaves a continuation behind.
///
/// It knows no cancellation, no lag and no receiver that leaves; the row never sends more than the ring holds.
// Safe because every access to the variables holds `lock`.
final class FloorBroadcast: @unchecked Sendable {
  private let lock = SpinLock()
  private let places: Int
  private let ring: UnsafeMutablePointer<Int>
  private var sent = 0
  private var isClosed = false
  private var waiting: ContiguousArray<UnsafeContinuation<Void, Never>> = []
  /// An empty array for the next ones that wait.
  private var spare: ContiguousArray<UnsafeContinuation<Void, Never>> = []

  init(places: Int) {
    self.places = places
    ring = .allocate(capacity: places)
  }

  deinit { ring.deallocate() }

  func send(_ element: Int) {
    lock.lock()
    ring[sent % places] = element
    sent += 1
    wakeAllAndUnlock()
  }

  func close() {
    lock.lock()
    isClosed = true
    wakeAllAndUnlock()
  }

  /// The element at the cursor, which moves on; `nil` at the end.
  func receive(at cursor: inout Int) async -> Int? {
    while true {
      lock.lock()
      if cursor < sent {
        let element = ring[cursor % places]
        lock.unlock()
        cursor += 1
        return element
      }
      let isClosed = isClosed
      lock.unlock()
      if isClosed { return nil }
      await waitForElement(cursor)
    }
  }

  private func wakeAllAndUnlock() {
    guard !waiting.isEmpty else { return lock.unlock() }
    var woken = waiting
    waiting = spare
    spare = []
    lock.unlock()
    for continuation in woken { continuation.resume() }
    woken.removeAll(keepingCapacity: true)
    lock.lock()
    spare = woken
    lock.unlock()
  }

  @inline(never)
  private func waitForElement(_ cursor: Int) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      lock.lock()
      if cursor < sent || isClosed {
        lock.unlock()
        continuation.resume()
      } else {
        waiting.append(continuation)
        lock.unlock()
      }
    }
  }
}
