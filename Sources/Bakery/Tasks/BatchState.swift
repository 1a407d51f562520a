/// When a batch is complete, apart from time.
@usableFromInline
struct BatchLimits<Element: Sendable>: Sendable {
  @usableFromInline let count: Int
  @usableFromInline let bytes: Int
  /// What an element counts for; `nil` when there is no limit in bytes.
  @usableFromInline let size: (@Sendable (Element) -> Int)?

  @inlinable
  init(count: Int, bytes: Int, size: (@Sendable (Element) -> Int)?) {
    self.count = count
    self.bytes = bytes
    self.size = size
  }
}

/// The decisions of a stage that puts elements together: pure, without a clock.
///
/// Elements are appended to `elements`, at most as many as make `limits.count` in all, and `next` cuts batches off.
@usableFromInline
struct BatchState<Element: Sendable> {
  @usableFromInline let limits: BatchLimits<Element>
  /// What came in and is not yet in a batch.
  @usableFromInline var elements: [Element] = []
  /// How many of the elements were measured, and their bytes.
  @usableFromInline var measured = 0
  @usableFromInline var bytes = 0

  @inlinable
  init(_ limits: BatchLimits<Element>) {
    self.limits = limits
  }

  /// Cuts off the first batch that is complete, or what there is if it is the last.
  @inlinable
  mutating func next(isLast: Bool) -> [Element]? {
    if let size = limits.size {
      while measured < elements.count {
        let (sum, overflow) = bytes.addingReportingOverflow(max(size(elements[measured]), 0))
        // An element that is too large for any batch is one of its own.
        if measured > 0, overflow || sum > limits.bytes { return cut(at: measured) }
        measured += 1
        bytes = overflow ? .max : sum
        if bytes >= limits.bytes { return cut(at: measured) }
      }
    }
    if elements.count >= limits.count { return cut(at: elements.count) }
    return isLast && !elements.isEmpty ? cut(at: elements.count) : nil
  }

  @inlinable
  mutating func cut(at end: Int) -> [Element] {
    (measured, bytes) = (0, 0)
    guard end < elements.count else {
      let batch = elements
      elements = []
      elements.reserveCapacity(min(limits.count, 1024))
      return batch
    }
    let batch = Array(elements[..<end])
    elements.removeFirst(end)
    return batch
  }
}
