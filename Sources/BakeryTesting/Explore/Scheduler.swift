internal import Bakery

/// What a scheduler may know of a job that is ready to run.
struct Candidate: Equatable, Sendable {
  /// Counts the jobs of a schedule in the order in which they became ready.
  let sequence: UInt32
  /// The task or the actor whose job it is: the same for all its jobs of one schedule.
  let owner: UInt64
  let isMain: Bool
  /// What the job came of, for `bakery_order_begin_step`.
  var cause: UInt64 = 0
  /// Whose work it is: the task's, or that of the one that made an actor's job ready.
  var task: UInt64 = 0
  /// What its step is expected to use: the same number for the same object; 0 if nothing is known of that.
  var object: UInt64 = 0

  /// Stands for an object that may be any.
  static let anything = UInt64.max

  /// Whether what they use makes it matter who goes first.
  func races(with other: Candidate) -> Bool {
    guard object != 0, other.object != 0 else { return false }
    return object == other.object || object == Self.anything || other.object == Self.anything
  }
}

/// Decides which of several ready jobs runs next; a pure value.
///
/// It is not asked when there is only one. The candidates stand in the order in which they became ready, so index
/// 0 is what a fair queue would take.
protocol Scheduler: Sendable {
  /// Prepares for a schedule; false when there is none left to try.
  mutating func begin(seed: UInt64) -> Bool

  /// The index of the job to run, out of at least two; `last` is whose work the step before was.
  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int

  /// Whether it takes all schedules of a body one after another, instead of drawing them from seeds.
  var isSystematic: Bool { get }

  /// Whether it wants to be told what each step touches, which costs time and memory.
  var wantsTouches: Bool { get }

  /// The step of a candidate has ended, chosen or alone, and touched these objects, of which `known` had a number before.
  mutating func took(_ candidate: Candidate, touching touches: [UInt64], known: UInt64)

  /// Whether the schedule is, up to the order of independent steps, one from before; known at its end.
  var isRedundant: Bool { get }
}

extension Scheduler {
  var isSystematic: Bool { false }
  var wantsTouches: Bool { false }
  mutating func took(_ candidate: Candidate, touching touches: [UInt64], known: UInt64) {}
  var isRedundant: Bool { false }
}

/// Takes jobs in the order in which they became ready.
struct FIFO: Scheduler {
  mutating func begin(seed: UInt64) -> Bool { true }
  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int { 0 }
}

/// Takes any ready job, all with the same probability.
struct RandomWalk: Scheduler {
  private var draw = SplitMix(seed: 0)

  mutating func begin(seed: UInt64) -> Bool {
    draw = SplitMix(seed: seed)
    return true
  }

  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int {
    Int(draw.next() % UInt64(ready.count))
  }
}

/// Gives every job a random priority when it becomes ready, and takes the highest.
///
/// Unlike the random walk it leaves one job waiting for as long as it likes. The idea, for accesses to memory instead of
/// jobs, is Partial Order Sampling (Yuan, Yang, Gu, *Partial Order Aware Concurrency Sampling*, CAV 2018).
struct JobPriorities: Scheduler {
  private var seed: UInt64 = 0

  mutating func begin(seed: UInt64) -> Bool {
    self.seed = seed
    return true
  }

  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int {
    var best = 0
    var highest: UInt64 = 0
    for (index, candidate) in ready.enumerated() {
      var draw = SplitMix(seed: seed &+ UInt64(candidate.sequence) &* 0x2545_F491_4F6C_DD1D)
      let priority = draw.next()
      if priority >= highest { (best, highest) = (index, priority) }
    }
    return best
  }
}

/// Gives every job a random priority when it becomes ready and takes the highest; draws anew for those that race with it.
///
/// So whoever lost one race may win the next, as in a random walk, and whoever races with nobody may wait for as long as it likes.
///
/// Algorithm: POS (Yuan, Yang, Gu, *Partial Order Aware Concurrency Sampling*, CAV 2018), with jobs for events in mode `jobs`.
struct PartialOrderSampling: Scheduler {
  private var draw = SplitMix(seed: 0)
  /// By the number of the job; 0 where none is drawn.
  private var priorities: [UInt64] = []

  mutating func begin(seed: UInt64) -> Bool {
    draw = SplitMix(seed: seed)
    priorities.removeAll(keepingCapacity: true)
    return true
  }

  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int {
    var best = 0
    var highest: UInt64 = 0
    for (index, candidate) in ready.enumerated() {
      let priority = priority(of: candidate)
      if priority >= highest { (best, highest) = (index, priority) }
    }
    for candidate in ready where candidate.races(with: ready[best]) {
      priorities[Int(candidate.sequence)] = 0
    }
    return best
  }

  private mutating func priority(of candidate: Candidate) -> UInt64 {
    let number = Int(candidate.sequence)
    while priorities.count <= number { priorities.append(0) }
    if priorities[number] == 0 { priorities[number] = draw.next() | 1 }
    return priorities[number]
  }
}

/// Gives every task a random priority, always runs the highest, and lowers `depth - 1` of them at random moments.
///
/// Finds a defect that needs `depth` ordered events with a probability of at least 1/(n·kᵈ⁻¹), for n tasks and k choices.
///
/// Algorithm: PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte, *A Randomized Scheduler with Probabilistic Guarantees
/// of Finding Bugs*, ASPLOS 2010).
struct TaskPriorities: Scheduler {
  private let depth: Int
  private var draw = SplitMix(seed: 0)
  private var priorities: [UInt64: UInt64] = [:]
  /// At which choice the task that would run falls behind all others.
  private var changes: [Int] = []
  private var choices = 0
  /// The most choices that a schedule had so far: moments are drawn from as many.
  private var longest = 8

  init(depth: Int) {
    self.depth = depth
  }

  mutating func begin(seed: UInt64) -> Bool {
    longest = max(longest, choices)
    choices = 0
    draw = SplitMix(seed: seed)
    priorities.removeAll(keepingCapacity: true)
    changes = (1..<max(depth, 1)).map { _ in Int(draw.next() % UInt64(longest)) + 1 }
    return true
  }

  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int {
    choices += 1
    for (number, choice) in changes.enumerated() where choice == choices {
      // Lower than every drawn priority; the later of two changes is not the lower one, as in the paper.
      priorities[ready[highest(of: ready)].owner] = UInt64(number)
    }
    return highest(of: ready)
  }

  private mutating func highest(of ready: [Candidate]) -> Int {
    var best = (index: 0, priority: UInt64(0))
    for (index, candidate) in ready.enumerated() {
      var priority = priorities[candidate.owner]
      if priority == nil {
        priority = draw.next() | 1 << 63
        priorities[candidate.owner] = priority
      }
      if let priority, priority > best.priority || index == 0 { best = (index, priority) }
    }
    return best.index
  }
}

/// Tries all schedules one after another, or those that leave the order of a fair queue at most `delays` times.
///
/// To take the job at index *i* costs *i* delays. The search keeps no state but the path to the last schedule.
struct DepthFirst: Scheduler {
  private struct Branch {
    var choice: Int
    let count: Int
  }

  private let delays: Int
  private var path: [Branch] = []
  private var position = 0
  private var hasBegun = false

  init(delays: Int = .max) {
    self.delays = delays
  }

  var isSystematic: Bool { true }

  mutating func begin(seed: UInt64) -> Bool {
    position = 0
    guard hasBegun else {
      hasBegun = true
      return true
    }
    while let last = path.popLast() {
      let spent = path.reduce(0) { $0 + $1.choice }
      guard last.choice + 1 < last.count, spent + last.choice < delays else { continue }
      path.append(Branch(choice: last.choice + 1, count: last.count))
      return true
    }
    return false
  }

  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int {
    defer { position += 1 }
    if position == path.count { path.append(Branch(choice: 0, count: ready.count)) }
    // Code that is not under control may offer fewer jobs than the last time.
    return min(path[position].choice, ready.count - 1)
  }
}

/// Takes given choices, and after them jobs in the order in which they became ready.
struct Prescribed: Scheduler {
  let choices: [Int]
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
    guard position < choices.count else { return 0 }
    return min(choices[position], ready.count - 1)
  }
}

/// The schedulers that find different defects, in turn: half of the schedules by random walk, three of eight by job priorities, one by
/// task priorities of depth 5.
///
/// The parts are those that found planted defects and kernels soonest (docs/decisions/0037-mix-of-schedulers.md).
struct Mixture: Scheduler {
  private var schedule = -1
  private var walk = RandomWalk()
  private var jobs = JobPriorities()
  private var tasks = TaskPriorities(depth: 5)

  mutating func begin(seed: UInt64) -> Bool {
    schedule += 1
    return switch schedule & 7 {
    case 1, 3, 5: jobs.begin(seed: seed)
    case 7: tasks.begin(seed: seed)
    default: walk.begin(seed: seed)
    }
  }

  mutating func choose(from ready: [Candidate], after last: UInt64) -> Int {
    switch schedule & 7 {
    case 1, 3, 5: jobs.choose(from: ready, after: last)
    case 7: tasks.choose(from: ready, after: last)
    default: walk.choose(from: ready, after: last)
    }
  }
}
