import Bakery
import Dispatch

/// Runs one hot path a given number of times, for tools that count instructions and allocations.
///
/// `scripts/counts` runs it twice, with different numbers, and divides the difference.
@main
struct Counts {
  static let rows: [String: @concurrent @Sendable (Int) async throws -> Void] = [
    "semaphore-pair": { count in
      let semaphore = AsyncSemaphore(limit: 4)
      for _ in 0..<count {
        let permit = try await semaphore.acquire()
        permit.release()
      }
    },
    "semaphore-scope": { count in
      let semaphore = AsyncSemaphore(limit: 4)
      for _ in 0..<count { try await semaphore.withPermit {} }
    },
    "channel-element": { count in
      let channel = Channel<Int>(capacity: 16)
      for number in 0..<count {
        try await channel.sender.send(number)
        guard try await channel.receiver.receive() == number else { throw Wrong() }
      }
    },
    "gather-item": { count in
      let sum = try await gather(0..<count, width: 1) { $0 }.reduce(0, +)
      guard sum == count * (count - 1) / 2 else { throw Wrong() }
    },
  ]

  struct Wrong: Error {}

  // Not an asynchronous main: that one ends the first thread, which valgrind does not survive.
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let row = rows[arguments[1]], let count = Int(arguments[2]) else {
      fatalError("usage: counts ROW NUMBER, rows: \(rows.keys.sorted().joined(separator: " "))")
    }
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        try await row(count)
      } catch {
        fatalError("counts: \(arguments[1]) failed: \(error)")
      }
      done.signal()
    }
    done.wait()
  }
}
