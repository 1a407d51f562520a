import Testing

@testable import Bakery

@Suite struct BatchStateTests {
  private func batches(
    of sizes: [Int],
    count: Int = .max,
    bytes: Int = .max
  ) -> [[Int]] {
    var state = BatchState(BatchLimits<Int>(count: count, bytes: bytes) { $0 })
    var batches: [[Int]] = []
    for size in sizes {
      state.elements.append(size)
      while let batch = state.next(isLast: false) { batches.append(batch) }
    }
    while let batch = state.next(isLast: true) { batches.append(batch) }
    #expect(state.elements.isEmpty)
    return batches
  }

  @Test func `by count, and the rest at the end`() {
    #expect(batches(of: [1, 2, 3, 4, 5], count: 2) == [[1, 2], [3, 4], [5]])
    #expect(batches(of: [1, 2], count: 2) == [[1, 2]])
    #expect(batches(of: [], count: 2).isEmpty)
  }

  @Test func `by bytes: complete before the element that would be too much`() {
    #expect(batches(of: [4, 4, 4, 4], bytes: 10) == [[4, 4], [4, 4]])
    #expect(batches(of: [4, 6, 1], bytes: 10) == [[4, 6], [1]])
  }

  @Test func `an element that is too large for any batch is one of its own`() {
    #expect(batches(of: [1, 50, 1], bytes: 10) == [[1], [50], [1]])
    #expect(batches(of: [50, 50], bytes: 10) == [[50], [50]])
    #expect(batches(of: [.max, .max, 1], bytes: 10) == [[.max], [.max], [1]])
  }

  @Test func `a size below zero counts for nothing`() {
    #expect(batches(of: [-5, 10, -5], bytes: 10) == [[-5, 10], [-5]])
  }

  @Test func `many elements at once are cut into as many batches as it takes`() {
    var state = BatchState(BatchLimits<Int>(count: 100, bytes: 10) { $0 })
    state.elements = [5, 5, 5, 5, 5]
    #expect(state.next(isLast: false) == [5, 5])
    #expect(state.next(isLast: false) == [5, 5])
    #expect(state.next(isLast: false) == nil)
    state.elements.append(5)
    #expect(state.next(isLast: false) == [5, 5])
    #expect(state.next(isLast: true) == nil)
  }
}
