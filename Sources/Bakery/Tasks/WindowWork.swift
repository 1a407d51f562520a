/// Where the inputs of a window come from; asked by one task at a time, whose turn it is.
@usableFromInline
protocol WindowSource<Element> {
  associatedtype Element: Sendable

  /// The next input, or `nil` after the last one.
  mutating func next() async throws -> Element?
}

/// The inputs of a sequence.
@usableFromInline
struct SequenceSource<Inputs: Sequence>: WindowSource where Inputs.Element: Sendable {
  @usableFromInline var iterator: Inputs.Iterator

  @inlinable
  init(_ inputs: Inputs) {
    iterator = inputs.makeIterator()
  }

  @inlinable @inline(__always)
  mutating func next() async throws -> Inputs.Element? { iterator.next() }
}

/// The inputs of an asynchronous sequence.
@usableFromInline
struct AsyncSource<Inputs: AsyncSequence>: WindowSource where Inputs.Element: Sendable {
  @usableFromInline var iterator: Inputs.AsyncIterator

  @inlinable
  init(_ inputs: Inputs) {
    iterator = inputs.makeAsyncIterator()
  }

  @inlinable @inline(__always)
  mutating func next() async throws -> Inputs.Element? {
    try await iterator.next(isolation: #isolation)
  }
}

/// A source that the workers of a window pass to one another.
// Safe because only the worker whose turn it is asks the source, turns follow one another under the window's lock, and
// `init` takes the source `sending`.
@usableFromInline
final class SharedSource<Source: WindowSource & SendableMetatype>: @unchecked Sendable {
  /// Behind a pointer, so that inlined code pays no exclusivity checks; owned by this object.
  @usableFromInline let source: UnsafeMutablePointer<Source>

  @inlinable
  init(_ source: sending Source) {
    self.source = .allocate(capacity: 1)
    self.source.initialize(to: source)
  }

  @inlinable
  deinit {
    source.deinitialize(count: 1)
    source.deallocate()
  }
}

/// Starts workers as they find something to do, at most `width`, and waits for all of them.
///
/// The first one that throws cancels the others at once.
@inlinable
func runWorkers<Source: WindowSource & SendableMetatype, Output: Sendable, Kept: Sendable>(
  _ width: Int,
  on window: WindowCore<Kept>,
  from source: SharedSource<Source>,
  _ policy: GatherPolicy<Output, Kept>,
  _ transform: @escaping @concurrent @Sendable (Source.Element) async throws -> Output
) async throws {
  defer { window.leave() }
  do {
    try await withThrowingDiscardingTaskGroup { group in
      var started = 0
      while started < width, try await window.needsWorker() {
        window.join()
        group.addTask(name: window.identity.name) {
          try await work(on: window, from: source, policy, transform)
        }
        started += 1
      }
    }
  } catch {
    window.stop(error)
    throw error
  }
}

/// A worker: one input after another until there are no more.
@inlinable
func work<Source: WindowSource & SendableMetatype, Output: Sendable, Kept: Sendable>(
  on window: WindowCore<Kept>,
  from source: SharedSource<Source>,
  _ policy: GatherPolicy<Output, Kept>,
  _ transform: @concurrent @Sendable (Source.Element) async throws -> Output
) async throws {
  defer { window.leave() }
  window.meter?.change(from: nil, to: .busy)
  defer { window.meter?.change(from: .busy, to: nil) }
  do {
    guard try await window.arrive() else { return }
    repeat {
      let input = try await source.source.pointee.next()
      guard let index = window.didTake(input != nil), let input else { return }
      let result = await Result.capturing { try await transform(input) }
      let output = (index, try policy.keep(result))
      guard try await window.turn(after: output) else { return }
    } while true
  } catch {
    window.stop(error)
    throw error
  }
}
