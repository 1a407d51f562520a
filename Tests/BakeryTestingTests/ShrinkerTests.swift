@testable import BakeryTesting
import Testing

@Suite struct ShrinkerTests {
  @Test func `only what the failure needs is left`() {
    let choices = (0..<200).map { $0 % 4 }
    var calls = 0
    let shrunk = Shrinker.shrink(choices, attempts: 1000) { candidate in
      calls += 1
      return candidate[37] == 1 && candidate[150] == 2
    }
    #expect(shrunk.indices.filter { shrunk[$0] != 0 } == [37, 150])
    #expect(calls < 120)
  }

  @Test func `a failure that needs every choice keeps them all`() {
    let choices = [1, 0, 2, 3]
    #expect(Shrinker.shrink(choices, attempts: 100) { $0 == choices } == choices)
  }

  @Test func `a failure that needs none loses them all`() {
    #expect(Shrinker.shrink([1, 2, 3], attempts: 100) { _ in true } == [0, 0, 0])
    #expect(Shrinker.shrink([], attempts: 100) { _ in true } == [])
  }

  @Test func `it ends with the attempts that it was given, and still fails`() {
    var calls = 0
    let choices = Array(repeating: 1, count: 100)
    let shrunk = Shrinker.shrink(choices, attempts: 10) { candidate in
      calls += 1
      return candidate.count { $0 != 0 } >= 60
    }
    #expect(calls == 10)
    #expect(shrunk.count { $0 != 0 } >= 60)
  }
}
