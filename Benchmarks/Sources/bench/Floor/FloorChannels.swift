// Floors of the channel rows: one lock, a continuation, and nothing else. They know no cancellation,
// no fairness and no second producer or consumer, and cost what that shape costs at least.

/// A buffer between one producer and one consumer.
// Safe because every access to the variables holds `lock`.
final class FloorRing: @unchecked Sendable {
  private let lock = SpinLock()
  private let capacity: Int
  private let slots: UnsafeMutablePointer<Int>
  private var head = 0
  private var count = 0
  private var isClosed = false
  private var producer: (continuation: UnsafeContinuation<Void, Never>, element: Int)?
  private var consumer: UnsafeContinuation<Int?, Never>?

  init(capacity: Int) {
    self.capacity = capacity
    slots = .allocate(capacity: capacity)
  }

  deinit { slots.deallocate() }

  func send(_ element: Int) async {
    lock.lock()
    if let consumer {
      self.consumer = nil
      lock.unlock()
      consumer.resume(returning: element)
      return
    }
    if count < capacity {
      push(element)
      lock.unlock()
      return
    }
    lock.unlock()
    await wait(with: element)
  }

  func receive() async -> Int? {
    lock.lock()
    if count > 0 {
      let element = pop()
      if let producer {
        self.producer = nil
        push(producer.element)
        lock.unlock()
        producer.continuation.resume()
      } else {
        lock.unlock()
      }
      return element
    }
    let isClosed = isClosed
    lock.unlock()
    return isClosed ? nil : await waitForElement()
  }

  func close() {
    lock.lock()
    isClosed = true
    let consumer = consumer
    self.consumer = nil
    lock.unlock()
    consumer?.resume(returning: nil)
  }

  @inline(never)
  private func wait(with element: Int) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      lock.lock()
      // The buffer was full a moment ago, but the consumer may have emptied it and even sleep by now.
      if let consumer {
        self.consumer = nil
        lock.unlock()
        consumer.resume(returning: element)
        continuation.resume()
      } else if count < capacity {
        push(element)
        lock.unlock()
        continuation.resume()
      } else {
        producer = (continuation, element)
        lock.unlock()
      }
    }
  }

  @inline(never)
  private func waitForElement() async -> Int? {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Int?, Never>) in
      lock.lock()
      // An element or the end may have come since the lock was let go.
      if count > 0 {
        let element = pop()
        lock.unlock()
        continuation.resume(returning: element)
      } else if isClosed {
        lock.unlock()
        continuation.resume(returning: nil)
      } else {
        consumer = continuation
        lock.unlock()
      }
    }
  }

  @inline(__always)
  private func push(_ element: Int) {
    var tail = head + count
    if tail >= capacity { tail -= capacity }
    slots[tail] = element
    count += 1
  }

  @inline(__always)
  private func pop() -> Int {
    let element = slots[head]
    head = head + 1 == capacity ? 0 : head + 1
    count -= 1
    return element
  }
}

/// A meeting of one producer and one consumer: whoever comes first waits for the other.
// Safe because every access to the variables holds `lock`.
final class FloorRendezvous: @unchecked Sendable {
  private let lock = SpinLock()
  private var isClosed = false
  private var producer: (continuation: UnsafeContinuation<Void, Never>, element: Int)?
  private var consumer: UnsafeContinuation<Int?, Never>?

  func send(_ element: Int) async {
    lock.lock()
    if let consumer {
      self.consumer = nil
      lock.unlock()
      consumer.resume(returning: element)
      return
    }
    lock.unlock()
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      lock.lock()
      // The consumer may have come since the lock was let go.
      if let consumer {
        self.consumer = nil
        lock.unlock()
        consumer.resume(returning: element)
        continuation.resume()
      } else {
        producer = (continuation, element)
        lock.unlock()
      }
    }
  }

  func receive() async -> Int? {
    lock.lock()
    if let producer {
      self.producer = nil
      lock.unlock()
      producer.continuation.resume()
      return producer.element
    }
    let isClosed = isClosed
    lock.unlock()
    if isClosed { return nil }
    return await withUnsafeContinuation { (continuation: UnsafeContinuation<Int?, Never>) in
      lock.lock()
      // The producer or the end may have come since the lock was let go.
      if let producer {
        self.producer = nil
        lock.unlock()
        producer.continuation.resume()
        continuation.resume(returning: producer.element)
      } else if self.isClosed {
        lock.unlock()
        continuation.resume(returning: nil)
      } else {
        consumer = continuation
        lock.unlock()
      }
    }
  }

  func close() {
    lock.lock()
    isClosed = true
    let consumer = consumer
    self.consumer = nil
    lock.unlock()
    consumer?.resume(returning: nil)
  }
}
