/// A queue between many producers and many consumers: one lock, and whoever has to wait leaves a continuation behind.
///
/// First come, first served, so that all producers take part, as they do on the other sides. It knows no cancellation, no
/// deadline, no close but the last one, and one kind of element. With a capacity of 0 elements go from hand to hand; what
/// stands for a select over many such channels is one line of their producers.
// Safe because every access to the variables holds `lock`.
final class FloorQueue: @unchecked Sendable {
  private typealias Producer = (continuation: UnsafeContinuation<Void, Never>, element: Int)

  private let lock = SpinLock()
  private var elements: FloorRow<Int>
  private var producers = FloorRow<Producer>(places: 8)
  private var consumers = FloorRow<UnsafeContinuation<Int?, Never>>(places: 8)
  private let capacity: Int
  private var isClosed = false

  init(capacity: Int) {
    self.capacity = capacity
    elements = FloorRow(places: max(capacity, 1))
  }

  func send(_ element: Int) async {
    lock.lock()
    if let consumer = consumers.popFirst() {
      lock.unlock()
      return consumer.resume(returning: element)
    }
    if elements.count < capacity {
      elements.append(element)
      return lock.unlock()
    }
    lock.unlock()
    await wait(with: element)
  }

  func receive() async -> Int? {
    lock.lock()
    if let (element, producer) = take() {
      lock.unlock()
      producer?.resume()
      return element
    }
    let isClosed = isClosed
    lock.unlock()
    return isClosed ? nil : await waitForElement()
  }

  func close() {
    lock.lock()
    isClosed = true
    let waiting = consumers
    consumers = FloorRow(places: 8)
    lock.unlock()
    var rest = waiting
    while let consumer = rest.popFirst() { consumer.resume(returning: nil) }
  }

  /// The next element, and the producer that may go on for it.
  private func take() -> (Int, UnsafeContinuation<Void, Never>?)? {
    if let element = elements.popFirst() {
      guard let next = producers.popFirst() else { return (element, nil) }
      elements.append(next.element)
      return (element, next.continuation)
    }
    return producers.popFirst().map { ($0.element, $0.continuation) }
  }

  @inline(never)
  private func wait(with element: Int) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      lock.lock()
      // A consumer may have come, or made room, since the lock was let go.
      if let consumer = consumers.popFirst() {
        lock.unlock()
        consumer.resume(returning: element)
        continuation.resume()
      } else if elements.count < capacity {
        elements.append(element)
        lock.unlock()
        continuation.resume()
      } else {
        producers.append((continuation, element))
        lock.unlock()
      }
    }
  }

  @inline(never)
  private func waitForElement() async -> Int? {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Int?, Never>) in
      lock.lock()
      // An element or the end may have come since the lock was let go.
      if let (element, producer) = take() {
        lock.unlock()
        producer?.resume()
        continuation.resume(returning: element)
      } else if isClosed {
        lock.unlock()
        continuation.resume(returning: nil)
      } else {
        consumers.append(continuation)
        lock.unlock()
      }
    }
  }
}

/// A ring of a fixed number of places, first in, first out.
private struct FloorRow<Element> {
  private var places: ContiguousArray<Element?>
  private var head = 0
  private(set) var count = 0

  init(places: Int) {
    self.places = ContiguousArray(repeating: nil, count: places)
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    var tail = head + count
    if tail >= places.count { tail -= places.count }
    places[tail] = element
    count += 1
  }

  @inline(__always)
  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    defer {
      head = head + 1 == places.count ? 0 : head + 1
      count -= 1
    }
    return places[head].take()
  }
}
