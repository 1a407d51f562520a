import Glibc

/// What one run of one side of a row found.
struct Figure: Sendable {
  /// The figure in the unit of the row.
  var value: Double
  /// How much the process grew at most, in megabytes, for rows that ask for it.
  var peakMemory: Double?
  /// The share of acquisitions for which the task was suspended, for rows that ask for it.
  var suspended: Double?
  /// What all sides of the row have to agree on, where they compute something.
  var checksum: String?
}

/// The work was not done, so there is no figure.
struct WrongResult: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  static func check(_ what: String, _ found: Int, expected: Int) throws {
    guard found == expected else {
      throw WrongResult("\(what): found \(found), expected \(expected)")
    }
  }
}

extension Figure {
  private static let shortestSlice = 50_000_000.0
  private static let shortestMeasurement = 500_000_000.0

  /// Nanoseconds per operation of `work`, which performs as many operations as it is told.
  ///
  /// The warm-up grows until it takes 50 ms. Slices of that many operations are then measured until
  /// they took half a second together, so that a side that turns slow halfway, as locks do, ends too.
  /// Counts are multiples of 64, which every number of tasks in the rows divides.
  static func perOperation(_ work: (Int) async throws -> Void) async throws -> Figure {
    var count = 1_024
    var elapsed = try await nanoseconds { try await work(count) }
    while elapsed < shortestSlice {
      guard count < 1 << 40 else { throw WrongResult("\(count) operations took no time") }
      count *= elapsed < shortestSlice / 16 ? 16 : 2
      elapsed = try await nanoseconds { try await work(count) }
    }
    elapsed = 0
    var slices = 0
    while elapsed < shortestMeasurement {
      elapsed += try await nanoseconds { try await work(count) }
      slices += 1
    }
    return Figure(value: elapsed / Double(slices * count))
  }

  /// Nanoseconds per item of `run`, which is always given the whole `items`, since its cost and its
  /// memory may depend on their number; `check` looks at the results off the clock.
  static func perItem<Results>(
    of items: Int,
    _ run: (Int) async throws -> Results,
    check: (Results) throws -> Void
  ) async throws -> Figure {
    _ = try await run(items / 10)
    var elapsed = 0.0
    var runs = 0
    while elapsed < shortestMeasurement {
      let start = now()
      let results = try await run(items)
      elapsed += now() - start
      try check(results)
      runs += 1
    }
    return Figure(value: elapsed / Double(runs * items))
  }

  /// Nanoseconds per item of a kernel, which `run` computes as a whole and of which it returns the checksum.
  ///
  /// Runs for 50 ms to warm up and then for half a second.
  static func perItem(of kernel: Kernel, _ run: () async throws -> UInt64) async throws -> Figure {
    let checksum = try await run()
    var (elapsed, runs, isWarm) = (0.0, 0, false)
    while elapsed < (isWarm ? shortestMeasurement : shortestSlice) {
      var found: UInt64 = 0
      elapsed += try await nanoseconds { found = try await run() }
      runs += 1
      guard found == checksum else { throw WrongResult("checksum: \(found) after \(checksum)") }
      if !isWarm, elapsed >= shortestSlice { (elapsed, runs, isWarm) = (0, 0, true) }
    }
    return Figure(value: elapsed / Double(runs * kernel.items), checksum: "\(checksum)")
  }

  /// Adds how much memory `measure` needed at its peak above what the idle process held.
  ///
  /// The idle process is not counted because this one carries the runner's Foundation, which has
  /// nothing to do with the row; the peers leave theirs out too.
  static func withPeakMemory(_ measure: () async throws -> Figure) async throws -> Figure {
    let idle = try megabytes("VmRSS")
    var figure = try await measure()
    figure.peakMemory = try megabytes("VmHWM") - idle
    return figure
  }

  /// The one line a measuring process prints.
  var line: String {
    let memory = peakMemory.map { ", \"rss_mb\": \(Self.rounded($0))" } ?? ""
    let checksum = checksum.map { ", \"checksum\": \"\($0)\"" } ?? ""
    let suspended = suspended.map { ", \"suspended\": \(Self.rounded($0))" } ?? ""
    return "{\"value\": \(Self.rounded(value))\(memory)\(suspended)\(checksum)}"
  }

  private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  private static func nanoseconds(_ work: () async throws -> Void) async rethrows -> Double {
    let start = now()
    try await work()
    return now() - start
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }

  /// Reads the kernel's own account, since `getrusage` would count the parent's memory from before
  /// the process image was replaced.
  private static func megabytes(_ key: String) throws -> Double {
    guard let file = fopen("/proc/self/status", "r") else {
      throw WrongResult("memory: cannot open /proc/self/status")
    }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.hasPrefix("\(key):") else { continue }
      if let kilobytes = Double(text.filter { $0.isASCII && $0.isNumber }) {
        return kilobytes / 1024
      }
    }
    throw WrongResult("memory: no \(key) in /proc/self/status")
  }
}
