import Bakery

/// What a supervisor does about children that end at drawn times: a simulation of its own, in whole nanoseconds.
///
/// Children are ready at once and stop at once, so that what follows from an end happens at the same instant.
struct SupervisorModel {
  struct Start: Hashable, Sendable {
    let time: Int64
    let child: Int
    let run: Int
  }

  let seed: UInt64
  let strategy: Supervisor.Strategy
  let restarts: Int
  let period: Int64
  let kinds: [Supervisor.Restart]
  let horizon: Int64 = 60_000_000_000

  /// Draws everything about a supervisor from the seed.
  init(seed: UInt64) {
    self.seed = seed
    var random = SeededRandom(seed: seed).generator
    strategy = [.oneForOne, .allForOne, .restForOne][Int.random(in: 0..<3, using: &random)]
    restarts = .random(in: 0...12, using: &random)
    period = .random(in: 1_000_000_000...20_000_000_000, using: &random)
    let count = Int.random(in: 1...6, using: &random)
    let all: [Supervisor.Restart] = [.permanent, .permanent, .transient, .temporary]
    kinds = (0..<count).map { _ in all[Int.random(in: 0..<4, using: &random)] }
  }

  /// How long a run of a child lasts, and whether it ends with an error.
  func life(of child: Int, run: Int) -> (nanoseconds: Int64, fails: Bool) {
    var random = SeededRandom(seed: seed &* 1_000_003 &+ UInt64(child * 4096 + run)).generator
    // A minute or a few seconds: some children stay, others keep coming back.
    let longest: Int64 = (seed &+ UInt64(child)).isMultiple(of: 3) ? 60 : 6
    return (
      Int64.random(in: 1...longest * 1_000_000_000, using: &random),
      Int.random(in: 0..<3, using: &random) > 0
    )
  }

  /// All starts, who lives at the end, and when it gave up, if it did.
  func play() -> (starts: [Start], living: [Int], gaveUp: Int64?) {
    var starts: [Start] = []
    var runs = [Int](repeating: 0, count: kinds.count)
    var ends: [Int: Int64] = [:]
    var counted: [Int64] = []
    func isDoneAfter(_ child: Int, fails: Bool) -> Bool {
      kinds[child] == .temporary || (kinds[child] == .transient && !fails)
    }
    func start(_ child: Int, at time: Int64) {
      starts.append(Start(time: time, child: child, run: runs[child]))
      ends[child] = time + life(of: child, run: runs[child]).nanoseconds
      runs[child] += 1
    }
    for child in kinds.indices { start(child, at: 0) }
    while let (child, time) = ends.min(by: { $0.value < $1.value }), time < horizon {
      ends[child] = nil
      guard !isDoneAfter(child, fails: life(of: child, run: runs[child] - 1).fails) else {
        continue
      }
      counted = counted.filter { time - $0 <= period } + [time]
      guard counted.count <= restarts else { return (starts, [], time) }
      let others: [Int] =
        switch strategy {
        case .oneForOne: []
        case .allForOne: Array(ends.keys)
        case .restForOne: ends.keys.filter { $0 > child }
        }
      for other in others { ends[other] = nil }
      for next in (others.filter { kinds[$0] != .temporary } + [child]).sorted() {
        start(next, at: time)
      }
    }
    return (starts, ends.keys.sorted(), nil)
  }
}
