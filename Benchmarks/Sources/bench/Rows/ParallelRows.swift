import Bakery
import Dispatch
import Foundation
import Synchronization

/// The same kernel on all processors in different ways, and what is possible on this machine at all.
enum ParallelRows {
  static func bakery(_ kernel: Kernel) async throws -> Figure {
    try await Figure.perItem(of: kernel) {
      try await parallelMap(0..<kernel.items) { kernel.work($0) }.reduce(0, &+)
    }
  }

  static func dispatch(_ kernel: Kernel) async throws -> Figure {
    try await Figure.perItem(of: kernel) {
      let total = Atomic<UInt64>(0)
      DispatchQueue.concurrentPerform(iterations: kernel.items) { item in
        total.wrappingAdd(kernel.work(item), ordering: .relaxed)
      }
      return total.load(ordering: .relaxed)
    }
  }

  static func serial(_ kernel: Kernel) async throws -> Figure {
    try await Figure.perItem(of: kernel) {
      var total: UInt64 = 0
      for item in 0..<kernel.items { total &+= kernel.work(item) }
      return total
    }
  }

  /// As many processes as processors, each running the serial side of `row` at the same time and sharing nothing.
  ///
  /// What they do together in a second is what a program could do that shares everything at no cost.
  static func ceiling(_ row: String) async throws -> Figure {
    let bench = try Places().bench
    let outcomes = Mutex<[Result<RunResult, any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: processors) { _ in
      let outcome = Result {
        let line = try Subprocess.run(bench, ["run", row, Side.serial])
        return try JSONDecoder().decode(RunResult.self, from: Data(line.utf8))
      }
      outcomes.withLock { $0.append(outcome) }
    }
    let runs = try outcomes.withLock { try $0.map { try $0.get() } }
    guard runs.count == processors, Set(runs.map(\.checksum)).count == 1 else {
      throw WrongResult("the processes of the ceiling differ: \(runs)")
    }
    return Figure(
      value: 1 / runs.map { 1 / $0.value }.reduce(0, +),
      checksum: runs.first?.checksum
    )
  }

  static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }
}

extension Row {
  /// A row of the suite `parallel`.
  static func parallel(
    _ name: String,
    unit: String,
    _ kernel: @escaping @Sendable () -> Kernel
  ) -> Row {
    Row(
      name,
      unit: unit,
      ours: { try await ParallelRows.bakery(kernel()) },
      peers: [
        Peer(name: Side.ceiling, source: .swift { try await ParallelRows.ceiling(name) }),
        Peer(name: Side.serial, source: .swift { try await ParallelRows.serial(kernel()) }),
        Peer(name: "dispatch", source: .swift { try await ParallelRows.dispatch(kernel()) }),
        .rayon, .go, .cpythonThreads, .cpythonProcesses,
      ]
    )
  }
}
