import Testing

@testable import Bakery

@Suite struct SpinnerTests {
  @Test func `nothing is asked while nothing was decided`() {
    let spinner = Spinner()
    var asked = 0
    let isOver = spinner.look(since: spinner.seen) {
      asked += 1
      return true
    }
    #expect(!isOver)
    #expect(asked == 0)
  }

  @Test func `a decision between reading the count and looking is seen`() throws {
    let spinner = Spinner()
    let seen = spinner.seen
    spinner.didDecide()
    // In a process that is observed by a test beside this one nobody looks, so try until nobody observes.
    let isOver = (0..<50_000_000).contains { _ in spinner.look(since: seen) { true } }
    #expect(isOver)
  }

  @Test func `looks in vain become rare`() {
    let spinner = Spinner()
    var looked = 0
    for _ in 0..<10_000 {
      let seen = spinner.seen
      spinner.didDecide()
      if spinner.look(
        since: seen,
        {
          looked += 1; return false
        }
      ) {
        Issue.record("it was not over")
      }
    }
    #expect(looked <= 10)
  }

  @Test func `one wait in 256 suspends though looking would pay off`() {
    let spinner = Spinner()
    var suspended = 0
    for _ in 0..<2560 {
      let seen = spinner.seen
      spinner.didDecide()
      if !spinner.look(since: seen, { true }) { suspended += 1 }
    }
    #expect(suspended >= 10)
  }
}
