import Synchronization
import Testing

@testable import Bakery

#if canImport(Glibc)
import Glibc
#endif

/// A way to block a thread until somebody says that it is enough.
private enum Blocking: String, CaseIterable, Codable, Sendable {
  case sleep, fileLock, mutex, toolkitLock, read

  /// Calls of the system that do so, the line of each, and how to end them.
  func prepare() -> (line: Int, block: @Sendable () -> Void, end: @Sendable () -> Void) {
    switch self {
    case .sleep:
      let isOver = Gauge()
      let block: @Sendable () -> Void = {
        // The question where it is wakes the sleeper, as every signal does.
        while isOver.now == 0 {
          var time = timespec(tv_sec: 10, tv_nsec: 0)
          clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil)
        }
      }
      return (#line - 3, block, { isOver.enter() })
    case .fileLock:
      let path = "/proc/self/exe"
      let held = open(path, O_RDONLY)
      flock(held, LOCK_EX)
      let block: @Sendable () -> Void = {
        // Each call opens the file itself: the kernel may leave one asleep that shares its opening with another.
        let wanted = open(path, O_RDONLY)
        flock(wanted, LOCK_EX)
        close(wanted)
      }
      return (#line - 3, block, { close(held) })
    case .mutex:
      let (mutex, gate) = (Held(), Gate())
      mutex.hold(until: gate)
      return (#line, { mutex.value.withLock { _ in } }, { gate.open() })
    case .toolkitLock:
      let (lock, gate) = (Guarded(0), Gate())
      hold(gate) { lock.withLockUnobserved { _ in gate.wait() } }
      return (#line, { lock.withLockUnobserved { $0 += 1 } }, { gate.open() })
    case .read:
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      let (from, to) = (ends[0], ends[1])
      let block: @Sendable () -> Void = {
        var byte: UInt8 = 0
        _ = Glibc.read(from, &byte, 1)
      }
      return (#line - 2, block, { close(to) })
    }
  }

  private final class Held: Sendable {
    let value = Mutex(0)

    func hold(until gate: Gate) {
      StarvationWatchdogTests.hold(gate) { self.value.withLock { _ in gate.wait() } }
    }
  }

  private func hold(_ gate: Gate, _ body: @escaping @Sendable () -> Void) {
    StarvationWatchdogTests.hold(gate, body)
  }
}

/// Every test is a process of its own: what it blocks is for others to use, and its signals wake sleepers.
@Suite(
  .enabled(
    if: !isSanitized,
    "the sanitizer keeps signals back until a thread leaves its blocking call"
  )
)
struct StarvationWatchdogTests {
  /// Runs `body`, which takes a lock and waits for the gate, on a thread of its own, and returns when the lock is taken.
  fileprivate static func hold(_ gate: Gate, _ body: @escaping @Sendable () -> Void) {
    startThread(named: "holder") { body() }
    while KernelThread.all.first(where: { $0.name == "holder" })?.sleeps != true {}
  }

  /// Blocks all threads of an executor until a report has come, and returns the reports and the line that blocks.
  fileprivate static func reports(
    of blocking: Blocking,
    on pool: ThreadPool?
  ) async -> ([StarvationReport], line: Int) {
    let (line, block, end) = blocking.prepare()
    let reports = Guarded<[StarvationReport]>([])
    let watchdog = StarvationWatchdog(pools: pool.map { [$0] } ?? []) { report in
      reports.withLockUnobserved { $0.append(report) }
      end()
    }
    await withTaskGroup { group in
      for _ in 0..<(pool?.threads ?? 16) {
        group.addTask(executorPreference: pool) { block() }
      }
    }
    watchdog.stop()
    return (reports.withLockUnobserved { $0 }, line)
  }

  fileprivate static func check(_ reports: [StarvationReport], _ line: Int) {
    #expect(reports.count == 1, "\(reports)")
    guard let report = reports.first else { return }
    let frames = report.threads.compactMap(\.blockedFrame)
    // On a busy machine one of them may not have come to answer.
    #expect(!frames.isEmpty, "\(report)")
    #expect(frames.allSatisfy { $0.file == #filePath && $0.line == line }, "\(line): \(report)")
    #expect(report.duration >= .milliseconds(100) && report.duration < .seconds(5))
  }

  @Test(arguments: Blocking.allCases)
  fileprivate func `a call that blocks the default executor is named`(blocking: Blocking) async {
    await #expect(processExitsWith: .success) { [blocking] in
      let (reports, line) = await StarvationWatchdogTests.reports(of: blocking, on: nil)
      StarvationWatchdogTests.check(reports, line)
      #expect(reports.first?.executor == "the default executor (TaskPriority.medium)")
    }
  }

  @Test(arguments: Blocking.allCases)
  fileprivate func `a call that blocks a pool is named`(blocking: Blocking) async {
    await #expect(processExitsWith: .success) { [blocking] in
      let pool = ThreadPool(threads: 2, name: "kept")
      let (reports, line) = await StarvationWatchdogTests.reports(of: blocking, on: pool)
      StarvationWatchdogTests.check(reports, line)
      #expect(reports.first?.threads.map(\.name).sorted() == ["kept-1", "kept-2"])
      #expect(reports.first?.executor.hasPrefix("ThreadPool \"kept\"") ?? false)
      await pool.shutdown()
    }
  }

  @Test func `threads that compute are no reason for a report`() async {
    await #expect(processExitsWith: .success) {
      let pool = ThreadPool(threads: 2)
      let watchdog = StarvationWatchdog(pools: [pool], threshold: .milliseconds(5)) { report in
        Issue.record("\(report)")
      }
      await withTaskGroup { group in
        for index in 0..<8 {
          group.addTask(executorPreference: index % 2 == 0 ? pool : nil) {
            let end = Deadline.after(.milliseconds(100))
            while Deadline.now < end {}
          }
        }
      }
      #expect(watchdog.snapshot()["reports"] == 0)
      await pool.shutdown()
    }
  }

  @Test func `a signal of somebody else goes to the handler that was there`() async {
    await #expect(processExitsWith: .success) {
      signal(SIGPROF) { _ in received.wrappingAdd(1, ordering: .relaxed) }
      let (reports, _) = await StarvationWatchdogTests.reports(of: .read, on: nil)
      #expect(reports.count == 1)
      #expect(received.load(ordering: .relaxed) == 0)
      kill(getpid(), SIGPROF)
      while received.load(ordering: .relaxed) == 0 { await Task.yield() }
    }
  }

  @Test func `no thread is left after the end`() async {
    await #expect(processExitsWith: .success) {
      StarvationWatchdog(name: "stopped").stop()
      _ = StarvationWatchdog()
      while threadCount(named: "bakery-watchdog") > 0 { await Task.yield() }
    }
  }

  @Test func `without debug information a frame is a symbol, without symbols a place in a file`() {
    let known = Symbolizer.dynamicFrame(addressOfSymbol("flock"))
    #expect(known.symbol == "flock")
    #expect(known.description == "flock + 0x0 in libc.so.6")
    let unknown = Symbolizer.dynamicFrame(1)
    #expect(unknown.description == "0x1")
    #expect(unknown.location == nil)
    let stripped = StarvationReport.Frame(
      address: 0x1012,
      symbol: nil,
      offset: 0x12,
      module: "app",
      file: nil,
      line: nil
    )
    #expect(stripped.description == "0x12 in app")
  }

  @Test func `a threshold of nothing stops the program`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = StarvationWatchdog(threshold: .zero)
    }
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains("StarvationWatchdog needs a threshold of at least 1 ms"), "\(output)")
  }
}

private let received = Atomic<Int>(0)
