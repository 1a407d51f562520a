/// Looks for a schedule with the same failure in which tasks take turns less often: that is what people find simple.
///
/// A schedule is tried as the beginning of a known one, after which whoever ran last goes on for as long as it can. First the
/// beginnings of the failing one, then of schedules that leave that rule once, twice and so on.
struct SwitchReducer {
  /// How many schedules may be tried.
  var attempts: Int
  /// Whether a schedule has the failure, and what it was.
  let run: ([Int]) -> (fails: Bool, attempt: Attempt)

  mutating func reduce(_ found: Attempt) -> Attempt {
    var best = found
    var length = 0
    while length <= best.choices.count, let next = attempt(Array(best.choices[..<length])) {
      if next.fails, next.attempt.switches < best.switches { best = next.attempt }
      length += 1
    }
    var beginnings: [[Int]] = [[]]
    while !beginnings.isEmpty {
      var further: [[Int]] = []
      for beginning in beginnings {
        guard let base = attempt(beginning) else { return best }
        if base.fails, base.attempt.switches < best.switches { best = base.attempt }
        let (choices, widths) = (base.attempt.choices, base.attempt.widths)
        for place in beginning.count..<max(choices.count, beginning.count) {
          for other in 0..<widths[place] where other != choices[place] {
            further.append(choices[..<place] + [other])
          }
        }
        // More than can be tried.
        if further.count > attempts { break }
      }
      beginnings = further
    }
    return best
  }

  private mutating func attempt(_ beginning: [Int]) -> (fails: Bool, attempt: Attempt)? {
    guard attempts > 0 else { return nil }
    attempts -= 1
    return run(beginning)
  }
}

/// Takes given choices, and after them lets whoever ran last go on for as long as it can.
struct Persistent: Scheduler {
  private let choices: [Int]
  private var position = 0

  init(_ choices: [Int]) {
    self.choices = choices
  }

  mutating func begin(seed: UInt64) -> Bool {
    position = 0
    return true
  }

  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int {
    defer { position += 1 }
    guard position >= choices.count else { return min(choices[position], ready.count - 1) }
    return ready.firstIndex { $0.task == last } ?? 0
  }
}
