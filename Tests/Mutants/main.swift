// Looks for the planted defect that the environment chooses: `hunt MODE LIMIT [STRATEGY SEED]`, with the mode `jobs`, `threads` or
// `stress`. Prints what failed after how many runs. Whoever calls it takes a crash, or an end that does not come, for a find as well.
// `hunt kernels LIMIT STRATEGY SEEDS` prints for each kernel after how many schedules it failed, for so many seeds.
import Bakery
import BakeryTesting
import Glibc
import Synchronization

/// How a failure's report counts the schedules until it.
func number(of failure: ExplorationFailure) -> Int {
  failure.origin.split(separator: " ").compactMap { Int($0) }.first ?? 0
}

/// Explores all specifications in turn, a few schedules each time.
func hunt(
  mode: ExplorationMode,
  limit: Int,
  _ strategy: ExplorationStrategy,
  seed base: UInt64
) async throws -> String? {
  let specifications =
    ExploredSpecification.ofTasks + (mode == .threads ? ExploredSpecification.ofThreads : [])
  let share = 50
  var runs = 0
  for round in 0... {
    for specification in specifications {
      if runs >= limit { return nil }
      do {
        runs += try await explore(
          schedules: share,
          seed: base << 32 + UInt64(round),
          mode: mode,
          strategy: strategy,
          specification.body
        ).schedules
      } catch let failure as ExplorationFailure {
        return "\(runs + number(of: failure))\t\(specification.name)\t\(failure.reason)"
      }
    }
  }
  return nil
}

/// Runs them in turn as a program would: on the threads of the process, in real time.
func stress(limit: Int) async -> String? {
  let specifications = ExploredSpecification.ofTasks
  for run in 0..<limit {
    let specification = specifications[run % specifications.count]
    let end = End()
    Task.detached {
      await Seams.$random.withValue(SeededRandom(seed: UInt64(run))) {
        do {
          try await specification.body()
          end.set("")
        } catch {
          end.set("\(error)")
        }
      }
    }
    guard let result = end.wait(seconds: 5) else {
      return "\(run + 1)\t\(specification.name)\tdoes not end"
    }
    if !result.isEmpty { return "\(run + 1)\t\(specification.name)\t\(result)" }
  }
  return nil
}

/// What came of a run, for a thread that looks now and then: the primitives themselves are not to be trusted here.
final class End: Sendable {
  private let text = Mutex<String?>(nil)

  func set(_ value: String) { text.withLock { $0 = value } }

  func wait(seconds: Int) -> String? {
    let last = SystemTime.shared.now.advanced(by: .seconds(seconds))
    while SystemTime.shared.now < last {
      if let value = text.withLock({ $0 }) { return value }
      sched_yield()
    }
    return nil
  }
}

/// Explores each kernel that fails until it does, for each seed.
func measureKernels(limit: Int, _ strategy: ExplorationStrategy, seeds: UInt64) async throws {
  for kernel in kernels {
    var found: [Int] = []
    for seed in 0..<seeds {
      do {
        try await explore(schedules: limit, seed: seed, strategy: strategy, kernel.body)
        found.append(limit)
      } catch let failure as ExplorationFailure { found.append(number(of: failure)) }
    }
    print("\(kernel.name)\t\(found.map(String.init).joined(separator: " "))")
  }
}

func strategy(_ name: String) -> ExplorationStrategy {
  let number = Int(name.drop { !$0.isNumber }) ?? 0
  return switch name.prefix(while: { !$0.isNumber }) {
  case "mixed": .mixed
  case "walk": .randomWalk
  case "pct": .taskPriorities(depth: number)
  case "jobs": .jobPriorities
  case "pos": .partialOrder
  case "delays": .delays(number)
  case "fifo": .inOrder
  default: fatalError("hunt: no strategy \(name)")
  }
}

let arguments = CommandLine.arguments
let limit = Int(arguments[2]) ?? 0
let chosen = strategy(arguments.count > 3 ? arguments[3] : "mixed")
let seed = arguments.count > 4 ? UInt64(arguments[4]) ?? 0 : 0
switch arguments[1] {
case "kernels": try await measureKernels(limit: limit, chosen, seeds: seed)
case "stress": print(await stress(limit: limit) ?? "-")
case let name:
  let mode: ExplorationMode = name == "threads" ? .threads : .jobs
  print(try await hunt(mode: mode, limit: limit, chosen, seed: seed) ?? "-")
}
exit(0)
