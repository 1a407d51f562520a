/// The decision that makes a failing schedule differ from one that passes and goes the same way for as long as possible.
struct Turn {
  /// Which choice it is, counted from 0.
  let place: Int
  /// The choices of the schedule that passes.
  let passing: [Int]

  /// How many other schedules are tried.
  private static let attempts = 60

  /// Finds it with `passes`, which runs a schedule; `nil` when it is not found with a few tries.
  static func find(_ failing: Attempt, _ passes: ([Int]) -> Bool) -> Turn? {
    var attempts = Self.attempts
    for place in failing.choices.indices.reversed() {
      for other in 0..<failing.widths[place] where other != failing.choices[place] {
        guard attempts > 0 else { return nil }
        attempts -= 1
        let choices = failing.choices[..<place] + [other]
        if passes(Array(choices)) { return Turn(place: place, passing: Array(choices)) }
      }
    }
    return nil
  }

  /// For example `step 7: task 2 "audit" goes on at Bank.swift:12; if task 1 "transfer" does, at Bank.swift:9, the schedule passes`.
  func text(failing: Attempt, passing: Attempt) -> String {
    guard let (step, who) = failing.side(place), let (_, other) = passing.side(place) else {
      return ""
    }
    return "step \(step): \(who); where \(other) instead, the schedule passes"
  }
}

extension Attempt {
  /// Which step a choice is of, and who takes it: of a recorded schedule.
  fileprivate func side(_ place: Int) -> (step: Int, text: String)? {
    guard let interleaving, steps.indices.contains(place) else { return nil }
    let step = steps[place]
    guard let row = interleaving.rows.first(where: { $0.step >= step }) else { return nil }
    return (step, "\(interleaving.titles[row.task].name) goes (\(row.text))")
  }
}
