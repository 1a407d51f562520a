/// Finds out, while some tasks go on, that others wait for each other.
///
/// A cycle counts when it is there at two looks, of which the later comes after twice as many steps: a wait may end by
/// a deadline or a cancellation.
struct CycleWatch {
  private var nextLook = 256
  private var last: [UnsafeMutableRawPointer] = []

  /// Whether a cycle of `tasks` has closed; looks after 256 steps, 512 and so on.
  mutating func hasClosed(
    at step: Int,
    _ tasks: @autoclosure () -> [UnsafeMutableRawPointer]
  ) -> Bool {
    guard step >= nextLook else { return false }
    nextLook *= 2
    let cycle = WaitReport(unfinished: tasks(), names: [:]).cycle
    defer { last = cycle }
    return !cycle.isEmpty && cycle == last
  }
}
