/// Tries one of all schedules that differ only in the order of steps that do not depend on one another.
///
/// A job whose step was tried first sleeps in the schedules after it until a step that depends on it was taken: before that, to
/// take it gives nothing new.
///
/// Algorithm: sleep sets (Godefroid, *Partial-Order Methods for the Verification of Concurrent Systems*, 1996).
struct SleepSets: Scheduler {
  /// A job that need not run now, and what its step touches.
  private struct Sleeper {
    let job: UInt32
    /// The objects that were known before the step, by number.
    let touches: [UInt64]
    let known: UInt64
    /// Whether it touches others, which may be any that have become known in another schedule.
    let touchesUnknown: Bool
    let touchesEverything: Bool

    init(job: UInt32, touches: [UInt64], known: UInt64) {
      self.job = job
      self.touches = touches.filter { $0 <= known }
      self.known = known
      touchesUnknown = self.touches.count < touches.count
      touchesEverything = touches.contains(SleepSets.everything)
    }

    func depends(on others: [UInt64]) -> Bool {
      touchesEverything
        || others.contains {
          $0 == SleepSets.everything || touches.contains($0) || touchesUnknown && $0 > known
        }
    }
  }

  /// A choice of the path to the last schedule.
  private struct Branch {
    let ready: [UInt32]
    var chosen: UInt32
    var touches: [UInt64] = []
    var known: UInt64 = 0
    var sleepers: [Sleeper]
  }

  /// Stands for all objects in what a step touches: what it cancels may look at that whenever it runs.
  static let everything: UInt64 = 0

  private var path: [Branch] = []
  private var position = 0
  private var hasBegun = false
  private var sleepers: [Sleeper] = []
  /// The branch whose step runs.
  private var current: Int?
  private(set) var isRedundant = false

  var wantsTouches: Bool { true }
  var isSystematic: Bool { true }

  mutating func begin(seed: UInt64) -> Bool {
    position = 0
    sleepers = []
    current = nil
    isRedundant = false
    guard hasBegun else {
      hasBegun = true
      return true
    }
    while var last = path.popLast() {
      last.sleepers.append(Sleeper(job: last.chosen, touches: last.touches, known: last.known))
      guard let next = Self.awake(last.ready, last.sleepers) else { continue }
      last.chosen = next
      path.append(last)
      return true
    }
    return false
  }

  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int {
    let jobs = ready.map(\.sequence)
    if position == path.count, !isRedundant {
      if let next = Self.awake(jobs, sleepers) {
        path.append(Branch(ready: jobs, chosen: next, sleepers: sleepers))
      } else {
        isRedundant = true
      }
    }
    // Nothing new comes of the rest, which runs so that its tasks end.
    guard !isRedundant else { return 0 }
    defer { position += 1 }
    sleepers = path[position].sleepers
    current = position
    return jobs.firstIndex(of: path[position].chosen) ?? 0
  }

  mutating func took(_ candidate: Candidate, touching touches: [UInt64], known: UInt64) {
    if let current { (path[current].touches, path[current].known) = (touches, known) }
    current = nil
    if sleepers.contains(where: { $0.job == candidate.sequence }) { isRedundant = true }
    sleepers.removeAll { $0.depends(on: touches) }
  }

  private static func awake(_ ready: [UInt32], _ sleepers: [Sleeper]) -> UInt32? {
    ready.first { job in !sleepers.contains { $0.job == job } }
  }
}
