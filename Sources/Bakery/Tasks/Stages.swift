/// Work in steps that run at the same time and hand elements on: read, parse, clean, load.
///
/// Connect stages first: `from` makes a source, the functions of `Stage` what follows, `forEach` an end. Then `run` runs
/// all of them until the sources are exhausted and everything has come through. Each stage has its own width, what is
/// between two stages is bounded, and a stage that is slow slows down those before it: nothing piles up. The example cleans
/// a file of 1,000 MB with a peak of 20 MB, as one of 10 MB (`swift run -c release CleanRecords 1000`, x86-64).
///
/// Hand on many small elements in batches: a hop costs a microsecond or two when tasks have to wake each other, whether
/// one record is in it or five hundred.
///
/// The first error ends the run: all stages are cancelled and awaited, and `run` throws it with its stage's name. Errors
/// that are to end less than everything are values: let a stage return a `Result`, or good and bad ones apart.
///
/// Every stage is in the dump from the start: what came in and went out, and how long its workers were busy, starved of
/// input, or blocked by the next stage. The stage that is never starved nor blocked is the one to make wider.
///
/// @Snippet(path: "bakery/Snippets/CleanRecords", slice: "stages")
public final class Stages: Sendable {
  private struct State {
    var works: [Work] = []
    /// Stages whose output has no taker yet.
    var open: [UInt64: ObjectIdentity] = [:]
    var meters: [StageMeter] = []
    var hasRun = false
  }

  /// One stage's task.
  @usableFromInline
  struct Work: Sendable {
    @usableFromInline let identity: ObjectIdentity
    @usableFromInline let body: @Sendable () async throws -> Void

    @inlinable
    init(_ identity: ObjectIdentity, _ body: @escaping @Sendable () async throws -> Void) {
      self.identity = identity
      self.body = body
    }
  }

  @usableFromInline let scope: StageScope
  private let state = Guarded(State())

  /// Makes a run without stages.
  ///
  /// - Parameters:
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(file: StaticString = #fileID, line: UInt32 = #line) {
    scope = StageScope(file: file, line: line)
  }

  /// Adds a source: the elements of a sequence.
  ///
  /// - Important: traps when `buffer` is less than 0 or the run has begun.
  /// - Parameters:
  ///   - inputs: The elements; getting the next one may compute but should not block for long.
  ///   - name: What dumps and errors call the stage.
  ///   - buffer: How many elements may wait for the next stage.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  /// - Returns: The stage, to be connected.
  @inlinable
  public func from<Inputs: Sequence & SendableMetatype>(
    _ inputs: sending Inputs,
    name: String = "source",
    buffer: Int = 64,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) -> Stage<Inputs.Element> where Inputs.Element: Sendable {
    let source = SharedSource(SequenceSource(inputs))
    let scope = self.scope
    return add(name, buffer, file, line) { output in
      // An element is left over only when the task is cancelled.
      if try await pump(source, to: output, scope) != nil { throw CancellationError() }
    }
  }

  /// Adds a source: the elements of an asynchronous sequence.
  ///
  /// When the stages are drained while it waits for the next element, that wait is cancelled.
  ///
  /// - Important: traps when `buffer` is less than 0 or the run has begun.
  /// - Parameters:
  ///   - inputs: The elements.
  ///   - name: What dumps and errors call the stage.
  ///   - buffer: How many elements may wait for the next stage.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  /// - Returns: The stage, to be connected.
  @inlinable
  public func from<Inputs: AsyncSequence & SendableMetatype>(
    _ inputs: sending Inputs,
    name: String = "source",
    buffer: Int = 64,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) -> Stage<Inputs.Element> where Inputs.Element: Sendable {
    let source = SharedSource(AsyncSource(inputs))
    let scope = self.scope
    return add(name, buffer, file, line) { output in
      try await pumpUntilDrained(source, to: output, scope)
    }
  }

  /// Adds a stage that passes on the elements of several stages as they come.
  ///
  /// > Ordering: the elements of each stage stay in their order.
  ///
  /// - Important: traps when `buffer` is less than 0, a stage has a taker already or belongs to another run, or the run
  ///   has begun.
  /// - Parameters:
  ///   - stages: What to merge.
  ///   - name: What dumps and errors call the stage.
  ///   - buffer: How many elements may wait for the next stage.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  /// - Returns: The stage, to be connected.
  @inlinable
  public func merge<Element: Sendable>(
    _ stages: [Stage<Element>],
    name: String = "merge",
    buffer: Int = 2,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) -> Stage<Element> {
    for stage in stages {
      require(
        stage.stages === self,
        "\(stage.identity) cannot be merged into the stages of another run"
      )
    }
    let outputs = stages.map(\.takenOutput)
    return add(name, buffer, file, line, width: stages.count) { output in
      try await withThrowingDiscardingTaskGroup { group in
        for input in outputs {
          group.addTask(name: name) {
            try await sendToAll(StageInput(input, output.meter), to: [output])
          }
        }
      }
    }
  }

  /// Runs all stages until the sources end, or `drain()` is called, and everything has come through.
  ///
  /// > Cancellation: cancels the body and waits for it; what is in between the stages is lost.
  ///
  /// - Important: traps when a stage has no taker, and when called twice.
  /// - Throws: `StageFailure` with the first error of a stage, after all stages have ended; `CancellationError`.
  public func run() async throws {
    let works = begin()
    let scope = self.scope
    // What it throws is known to the scope.
    try? await withThrowingDiscardingTaskGroup { group in
      // Throwing is what cancels the stages at once.
      group.addTask {
        try await scope.stop.wait()
        try scope.throwFailure()
      }
      group.addTask {
        await withDiscardingTaskGroup { stages in
          for work in works {
            stages.addTask(name: work.identity.name) {
              try? await scope.run(work.identity) { try await work.body() }
            }
          }
        }
        scope.stop.set()
      }
    }
    // Until here: a channel whose sender is gone looks like one that has come to its end.
    withExtendedLifetime(works) {}
    try scope.throwFailure()
  }

  /// Lets the sources take nothing more; what they have taken comes through, and `run` returns.
  ///
  /// May be called from any task, before or while the stages run; calling it twice does nothing more.
  public func drain() { scope.draining.set() }

  /// The stages now, in the order in which they were added; see `Stage.snapshot()`.
  public func snapshots() -> [Snapshot] {
    state.withLockUnobserved { $0.meters }.map { $0.snapshot() }
  }

  private func begin() -> [Work] {
    let (works, open, hasRun) = state.withLock { state in
      defer {
        state.hasRun = true
        state.works = []
      }
      return (state.works, state.open.values.min { $0.number < $1.number }, state.hasRun)
    }
    require(!hasRun, "Stages may be run once")
    if let open { misuse("\(open) has no taker: end it with forEach") }
    return works
  }

  /// Adds a stage that sends to a channel.
  @inlinable
  func add<Element: Sendable>(
    _ name: String,
    _ buffer: Int,
    _ file: StaticString,
    _ line: UInt32,
    width: Int = 1,
    _ body: @escaping @Sendable (StageSender<Element>) async throws -> Void
  ) -> Stage<Element> {
    let meter = StageMeter(
      width: width,
      identity: ObjectIdentity(kind: "Stage", name: name, file: file, line: line)
    )
    let channel = Channel<Element>(capacity: buffer, name: name, file: file, line: line)
    let output = StageSender(channel.sender, meter)
    let work = Work(meter.identity) {
      try await body(output)
      // Not after an error: who receives is cancelled then, and must not take it for the end.
      output.sender.close()
    }
    add(work, meter, open: [meter.identity])
    return Stage(self, .channel(channel.receiver), meter, meter.identity)
  }

  @usableFromInline
  func add(_ work: Work, _ meter: StageMeter, open: [ObjectIdentity]) {
    let hasRun = state.withLock { state in
      state.works.append(work)
      state.meters.append(meter)
      for identity in open { state.open[identity.number] = identity }
      return state.hasRun
    }
    require(!hasRun, "\(meter.identity) was added to Stages that have been run")
  }

  /// Notes that the stage's elements have a taker.
  @usableFromInline
  func connect(_ identity: ObjectIdentity) {
    let wasOpen = state.withLock { $0.open.removeValue(forKey: identity.number) != nil }
    require(wasOpen, "\(identity) has a taker already: use fanOut for several")
  }
}
