import Bakery
import Testing

@Suite struct KeyedLimitersTests {
  @Test func `each key has one limiter, and the same each time`() {
    let breakers = KeyedLimiters<String, CircuitBreaker> { CircuitBreaker(name: $0) }
    #expect(breakers["a"] === breakers["a"])
    #expect(breakers["a"] !== breakers["b"])
    #expect(breakers.count == 2)
  }

  @Test func `unused limiters make room, and one in use stays`() {
    let bulkheads = KeyedLimiters(capacity: 2) { (_: Int) in Bulkhead(limit: 1, queue: 0) }
    guard let permit = bulkheads[0].tryAcquire() else { Issue.record("free"); return }
    for key in 1..<100 { _ = bulkheads[key] }
    let second = bulkheads[0].tryAcquire() == nil
    #expect(second)
    #expect(bulkheads.count <= 3)
    permit.release()
  }

  @Test func `from many tasks a key gets one limiter`() async throws {
    let breakers = KeyedLimiters(capacity: 10) { (_: Int) in CircuitBreaker() }
    let held = try await gather(0..<64, width: 64) { _ in breakers[7] }
    #expect(held.allSatisfy { $0 === held[0] })
  }
}
