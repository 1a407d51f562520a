/// Makes the choices of a failing schedule simpler as long as it fails: fewer places that leave the order of readiness.
///
/// Algorithm: delta debugging (Zeller, Hildebrandt, *Simplifying and Isolating Failure-Inducing Input*, 2002), with the order of
/// readiness in the place of what is left out.
struct Shrinker {
  /// How many schedules may be tried.
  private var attempts: Int
  private let fails: ([Int]) -> Bool

  /// Returns choices for which `fails` is true, as it is for `choices`, after at most `attempts` calls of it.
  static func shrink(_ choices: [Int], attempts: Int, _ fails: ([Int]) -> Bool) -> [Int] {
    withoutActuallyEscaping(fails) { fails in
      var shrinker = Shrinker(attempts: attempts, fails: fails)
      return shrinker.shrink(choices)
    }
  }

  private mutating func shrink(_ choices: [Int]) -> [Int] {
    var best = choices
    var size = max(1, places(best).count / 2)
    while true {
      let before = places(best).count
      // From the end: what comes late depends on what comes early.
      var end = before
      while end > 0 {
        let range = max(0, end - size)..<end
        end = range.lowerBound
        var candidate = best
        // `best` may have lost places meanwhile, but only behind these.
        for place in places(best)[range] { candidate[place] = 0 }
        guard attempts > 0 else { return best }
        attempts -= 1
        if fails(candidate) { best = candidate }
      }
      if size > 1 {
        size /= 2
      } else if places(best).count == before {
        return best
      }
    }
  }

  private func places(_ choices: [Int]) -> [Int] {
    choices.indices.filter { choices[$0] != 0 }
  }
}
