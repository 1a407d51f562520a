import Bakery
@testable import BakeryTesting
import Foundation
import Synchronization
import Testing

/// A way to explore, whose schedules must be the same for the same seed.
struct Exploring: Sendable, CustomTestStringConvertible {
  let mode: ExplorationMode
  let strategy: ExplorationStrategy

  var testDescription: String { "\(mode) \(strategy)" }

  /// Every strategy, and those that draw in mode `threads` too.
  static let all =
    [
      .mixed, .randomWalk, .partialOrder, .taskPriorities(depth: 2), .taskPriorities(depth: 5),
      .inOrder,
      .delays(2), .exhaustive, .reduced,
    ].map { Exploring(mode: .jobs, strategy: $0) }
    + [.mixed, .partialOrder].map { Exploring(mode: .threads, strategy: $0) }

  /// The fingerprint of a few schedules of a little of everything.
  func fingerprint(seed: UInt64 = 42) async throws -> UInt64 {
    let found = try await explore(schedules: 2, seed: seed, mode: mode, strategy: strategy) {
      try await mode == .jobs ? mixture() : lockedMixture()
    }
    try #require(found.uncontrolled == nil)
    return found.fingerprint
  }
}

/// The same for mode `threads`: locks, deadlines, tasks and a thread.
@concurrent private func lockedMixture() async throws {
  let gate = AsyncSemaphore(limit: 1)
  let total = Monitor(0)
  let thread = try JoinableThread<Void, Never>.start(named: "adder") { total.withLock { $0 += 1 } }
  try await withThrowingTaskGroup { group in
    for _ in 0..<3 {
      group.addTask {
        try await gate.withPermit { await Task.yield() }
        total.withLock { $0 += 1 }
        try await sleep(until: .after(.seconds(1)))
      }
    }
    try await group.waitForAll()
  }
  try await thread.value
}

private let request = "BAKERY_TESTS_FINGERPRINT"

/// Says its fingerprints when another process asks for them.
@Suite struct FingerprintOfProcess {
  @Test func `a seed has a fingerprint, which is printed when asked for`() async throws {
    for exploring in Exploring.all {
      let found = try await exploring.fingerprint()
      #expect(found != 0)
      if ProcessInfo.processInfo.environment[request] != nil {
        print("fingerprint of \(exploring.testDescription)=\(found).")
      }
    }
  }
}

private final class Flag: Sendable {
  private let state = Mutex(false)
  var isSet: Bool { state.withLock { $0 } }
  func set() { state.withLock { $0 = true } }
}

/// One after another: each keeps a thread busy with unrelated tasks.
@Suite(.serialized) struct DeterminismTests {
  @Test(arguments: Exploring.all)
  func `a seed gives the same events in 1,000 runs while unrelated tasks work`(
    exploring: Exploring
  ) async throws {
    let first = try await exploring.fingerprint()
    let isOver = Flag()
    let all = try await withThrowingTaskGroup(of: Set<UInt64>.self) { group in
      group.addTask {
        let cell = Cell()
        while !isOver.isSet {
          await cell.set(await cell.get() + 1)
          await Task.yield()
        }
        return []
      }
      group.addTask {
        defer { isOver.set() }
        var all: Set<UInt64> = []
        for _ in 0..<1000 { all.insert(try await exploring.fingerprint()) }
        return all
      }
      return try await group.reduce(into: Set<UInt64>()) { $0.formUnion($1) }
    }
    #expect(all == [first])
  }

  @Test func `another seed gives other events`() async throws {
    let mixed = Exploring(mode: .jobs, strategy: .mixed)
    #expect(try await mixed.fingerprint(seed: 43) != mixed.fingerprint())
  }

  @Test func `a seed gives the same events in another process`() async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "--disable-xctest", "--testing-library", "swift-testing", "--filter", "FingerprintOfProcess",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging([request: "1"]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    for exploring in Exploring.all {
      let line = "fingerprint of \(exploring.testDescription)=\(try await exploring.fingerprint())."
      #expect(text.contains(line), "\(text)")
    }
  }
}
