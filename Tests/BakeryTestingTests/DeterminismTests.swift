import Bakery
@testable import BakeryTesting
import Foundation
import Synchronization
import Testing

/// The fingerprint of a few schedules of a little of everything.
private func fingerprint(seed: UInt64 = 42) async throws -> UInt64 {
  let found = try await explore(schedules: 2, seed: seed) { try await mixture() }
  try #require(found.uncontrolled == nil)
  return found.fingerprint
}

private let request = "BAKERY_TESTS_FINGERPRINT"

/// Says its fingerprint when another process asks for it.
@Suite struct FingerprintOfProcess {
  @Test func `a seed has a fingerprint, which is printed when asked for`() async throws {
    let found = try await fingerprint()
    #expect(found != 0)
    if ProcessInfo.processInfo.environment[request] != nil { print("fingerprint=\(found)") }
  }
}

private final class Flag: Sendable {
  private let state = Mutex(false)
  var isSet: Bool { state.withLock { $0 } }
  func set() { state.withLock { $0 = true } }
}

@Suite struct DeterminismTests {
  @Test func `a seed gives the same events in 1,000 runs while unrelated tasks work`() async throws
  {
    let first = try await fingerprint()
    let isOver = Flag()
    let all = try await withThrowingTaskGroup(of: Set<UInt64>.self) { group in
      for _ in 0..<2 {
        group.addTask {
          let cell = Cell()
          while !isOver.isSet {
            await cell.set(await cell.get() + 1)
            await Task.yield()
          }
          return []
        }
      }
      group.addTask {
        defer { isOver.set() }
        var all: Set<UInt64> = []
        for _ in 0..<1000 { all.insert(try await fingerprint()) }
        return all
      }
      return try await group.reduce(into: Set<UInt64>()) { $0.formUnion($1) }
    }
    #expect(all == [first])
    #expect(try await fingerprint(seed: 43) != first)
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
    let other = text.firstMatch(of: /fingerprint=(\d+)/).flatMap { UInt64($0.1) }
    #expect(other == (try await fingerprint()), "\(text)")
  }
}
