import Bakery

/// What a primitive promises when several tasks use it at once.
///
/// The body draws a few calls, makes them, and throws when a promise is broken. A wait that never ends is a broken promise
/// too; whoever runs the body finds that.
struct ExploredSpecification: Sendable {
  let name: String
  let body: @concurrent @Sendable () async throws -> Void

  init(_ name: String, _ body: @escaping @concurrent @Sendable () async throws -> Void) {
    self.name = name
    self.body = body
  }

  /// Those that run in every mode.
  static let ofTasks =
    ofMutex + ofConditions + ofSemaphore + ofChannel + ofSelect + ofSignals + ofSharedValues
}

/// A promise that was broken.
struct BrokenPromise: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Draws what a specification does; the same for the same seed of `Seams.random`.
struct Chance {
  private var draw = SplitMix(seed: Seams.random.next())

  mutating func below(_ limit: Int) -> Int { Int(draw.next() % UInt64(limit)) }

  mutating func isHit(oneIn count: Int) -> Bool { below(count) == 0 }

  /// A deadline that comes before, with or after others; mostly none.
  mutating func deadline() -> Deadline {
    isHit(oneIn: 3) ? .after(.microseconds(below(3) * 20)) : .never
  }
}

/// How a call with a deadline ended that may be cancelled.
enum CallEnd: Hashable, Sendable {
  case done, timedOut, cancelled, refused

  init(_ error: any Error) throws {
    switch error {
    case is DeadlineExceeded: self = .timedOut
    case is CancellationError: self = .cancelled
    default: throw error
    }
  }
}

/// Counts who is inside at the same time, without being a point at which others may go first.
final class Inside: Sendable {
  private let counts = Guarded((now: 0, most: 0, entries: 0))

  var now: Int { counts.withLockUnobserved { $0.now } }
  var entries: Int { counts.withLockUnobserved { $0.entries } }

  func enter(_ what: String, _ count: Int = 1, limit: Int = 1) throws {
    let now = counts.withLockUnobserved { counts in
      counts.now += count
      counts.entries += 1
      return counts.now
    }
    if now > limit { throw BrokenPromise("\(what): \(now) inside, at most \(limit) may be") }
  }

  func leave(_ count: Int = 1) { counts.withLockUnobserved { $0.now -= count } }
}

/// A list that several tasks write, without being a point at which others may go first.
final class TaskLog<Element: Sendable>: Sendable {
  private let elements = Guarded<[Element]>([])

  var all: [Element] { elements.withLockUnobserved { $0 } }

  func append(_ element: Element) { elements.withLockUnobserved { $0.append(element) } }
}

/// Starts tasks whose errors end the specification; cancelled ones are told apart by their results.
struct Crew {
  private var tasks: [Task<Void, any Error>] = []

  mutating func start(_ body: @escaping @concurrent @Sendable () async throws -> Void) {
    tasks.append(Task { try await body() })
  }

  func cancel(_ number: Int) { tasks[number].cancel() }

  /// Waits for all; throws the first error that is not a cancellation.
  func finish() async throws {
    var first: (any Error)?
    for task in tasks {
      do {
        try await task.value
      } catch is CancellationError {} catch {
        if first == nil { first = error }
      }
    }
    if let first { throw first }
  }
}
