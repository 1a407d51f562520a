import Bakery
@testable import BakeryTesting
import CBakeryRuntime
import Dispatch
import Foundation
import Synchronization
import Testing

private struct Wrong: Error {}

/// A queue as executor, as servers have one for their connections.
private final class QueueExecutor: SerialExecutor {
  private let queue = DispatchQueue(label: "own")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}

private actor Connection {
  private let executor = QueueExecutor()
  private var bytes = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  func receive() { bytes += 1 }
}

/// What the result of a few schedules says about control; for bodies that hold what explore does not decide.
private func complaint(
  _ body: @escaping @concurrent @Sendable () async throws -> Void
) async throws -> String {
  try #require(try await explore(schedules: 2, body).uncontrolled)
}

@concurrent private func yieldForEver() async throws {
  while true { await Task.yield() }
}

@Suite struct BadInputTests {
  private static let isSeen = bakery_outside_is_seen() != 0

  @Test(.enabled(if: isSeen)) func `a spawned thread is named with its line`() async throws {
    let line = #line + 2
    let text = try await complaint {
      let thread = Thread {}
      thread.start()
    }
    #expect(text.contains("pthread_create at BadInputTests.swift:\(line + 1)"), "\(text)")
  }

  @Test(.enabled(if: isSeen)) func `a thread of the toolkit's is named where the body asks for it`()
    async throws
  {
    let line = #line + 2
    let text = try await complaint {
      _ = try JoinableThread.start(named: "outside") {}
    }
    #expect(text.contains("pthread_create at BadInputTests.swift:\(line)"), "\(text)")
  }

  @Test(.enabled(if: isSeen)) func `work for Dispatch is named with its line`() async throws {
    let line = #line + 3
    let now = try await complaint {
      await withUnsafeContinuation { continuation in
        DispatchQueue.global().async { continuation.resume() }
      }
    }
    #expect(now.contains("dispatch_async at BadInputTests.swift:\(line)"), "\(now)")
    let later = try await complaint {
      DispatchQueue.global().asyncAfter(deadline: .now()) {}
    }
    #expect(later.contains("dispatch_after at BadInputTests.swift:"), "\(later)")
  }

  @Test(.enabled(if: isSeen)) func `a socket is named with its line`() async throws {
    let line = #line + 2
    let text = try await complaint {
      let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      close(number)
    }
    #expect(text.contains("socket at BadInputTests.swift:\(line)"), "\(text)")
  }

  @Test func `an actor with an executor of its own is named with its line`() async throws {
    let text = try await complaint {
      let connection = Connection()
      await connection.receive()
    }
    #expect(text.contains("unownedExecutor"), "\(text)")
    #expect(text.contains("QueueExecutor"), "\(text)")
    #expect(text.contains("BadInputTests.swift:"), "\(text)")
  }

  @Test(.enabled(if: isSeen)) func `a UUID is named with its line`() async throws {
    let line = #line + 2
    let text = try await complaint {
      withExtendedLifetime(UUID()) {}
    }
    #expect(text.contains("open of /dev/urandom at BadInputTests.swift:\(line)"), "\(text)")
  }

  private func blocked(
    _ body: @escaping @concurrent @Sendable () async throws -> Void,
    _ release: () -> Void
  ) async -> String {
    let explorer = Explorer(
      test: 0,
      limits: ScheduleRun.Limits(blockedNanoseconds: 200_000_000),
      body: body
    )
    let found = await #expect(throws: ExplorationFailure.self) {
      try await onOwnThread(explorer) {
        try $0.explore(schedules: 1, seed: 0, strategy: .mixed, cancelling: .never)
      }
    }
    release()
    return found?.description ?? ""
  }

  // The thread sanitizer runs what interrupts a thread later, and elsewhere.
  @Test(.enabled(if: isSeen)) func `a blocking read is named with its line`() async throws {
    let pipe = Pipe()
    let (input, output) = (pipe.fileHandleForReading, pipe.fileHandleForWriting)
    let number = input.fileDescriptor
    let line = #line + 4
    let text = await blocked(
      {
        var byte: UInt8 = 0
        _ = read(number, &byte, 1)
      },
      { output.write(Data([1])) }
    )
    // Optimized code counts the call to the line behind it.
    let places = [line, line + 1].map { "in read, called at BadInputTests.swift:\($0)" }
    #expect(places.contains { text.contains($0) }, "\(text)")
    #expect(text.contains("await instead of blocking"))
    withExtendedLifetime(pipe) {}
  }

  @Test(.enabled(if: isSeen)) func `a body that computes for ever is named with its line`()
    async throws
  {
    let isOver = Mutex(false)
    let text = await blocked(
      { while !isOver.withLock({ $0 }) {} },
      { isOver.withLock { $0 = true } }
    )
    #expect(text.contains("BadInputTests"), "\(text)")
  }

  @Test func `a body that suspends for ever shows its lines`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(stepLimit: 200, yieldForEver)
    }
    #expect(failure?.description.contains("did not end within 200 steps") == true)
    #expect(failure?.interleaving.contains("BadInputTests.swift:") == true)
  }

  @Test func `a replay string of another version is refused`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(schedules: 1) { throw Wrong() }
    }
    let text = try #require(failure?.replay)
    // The first five bits are the high ones of the version, the next three its low ones.
    let other = "11" + text.dropFirst(2)
    // In what a macro takes, the line is that of the macro.
    let line = #line + 1
    let refused = await #expect(throws: ExplorationRefused.self) {
      try await explore(replaying: other) { throw Wrong() }
    }
    let message = refused?.description ?? ""
    #expect(message.contains("is of version"), "\(message)")
    let place = "explore(replaying:) at BakeryTestingTests/BadInputTests.swift:\(line) "
    #expect(message.contains(place), "\(message)")
  }

  @Test func `a replay string of another test is refused with the line`() async throws {
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore(schedules: 1) { throw Wrong() }
    }
    let text = try #require(failure?.replay)
    let line = #line + 1
    let refused = await #expect(throws: ExplorationRefused.self) {
      try await explore(replaying: text, function: "another") { throw Wrong() }
    }
    let message = refused?.description ?? ""
    #expect(message.contains("is of another test"), "\(message)")
    let place = "explore(replaying:) at BakeryTestingTests/BadInputTests.swift:\(line) "
    #expect(message.contains(place), "\(message)")
  }

  @Test func `explore inside explore is named with its line`() async throws {
    let line = #line + 1
    let failure = await #expect(throws: ExplorationFailure.self) {
      try await explore { try await explore {} }
    }
    let message = failure?.description ?? ""
    let place = "explore at BakeryTestingTests/BadInputTests.swift:\(line) "
    #expect(message.contains(place), "\(message)")
    #expect(message.contains("explore inside explore"), "\(message)")
  }
}
