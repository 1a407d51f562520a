// Looks for the planted defect that the environment chooses: `hunt MODE LIMIT`, with the mode `jobs`, `threads` or `stress`.
// Prints what failed after how many runs. Whoever calls it takes a crash, or an end that does not come, for a find as well.
import Bakery
import BakeryTesting
import Glibc
import Synchronization

/// Explores all specifications in turn, a few schedules each time.
func hunt(mode: ExplorationMode, limit: Int) async throws -> String? {
  let specifications =
    ExploredSpecification.ofTasks + (mode == .threads ? ExploredSpecification.ofThreads : [])
  let share = 50
  var runs = 0
  for seed in 0... {
    for specification in specifications {
      if runs >= limit { return nil }
      do {
        runs += try await explore(
          schedules: share,
          seed: UInt64(seed),
          mode: mode,
          specification.body
        ).schedules
      } catch let failure as ExplorationFailure {
        let number = failure.origin.split(separator: " ").compactMap { Int($0) }.first ?? 0
        return "\(runs + number)\t\(specification.name)\t\(failure.reason)"
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

let mode = CommandLine.arguments[1]
let limit = Int(CommandLine.arguments[2]) ?? 0
let found =
  mode == "stress"
  ? await stress(limit: limit)
  : try await hunt(mode: mode == "threads" ? .threads : .jobs, limit: limit)
print(found ?? "-")
exit(0)
