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

// One after another with what observes the process: while anybody does, nobody looks.
extension TraceTests {
  @Test func `a decision between reading the count and looking is seen`() {
    let spinner = Spinner()
    let seen = spinner.seen
    spinner.didDecide()
    #expect(spinner.look(since: seen) { true })
  }
}
