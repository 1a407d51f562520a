/// A stage that is not connected yet: what it hands on, and what can be done with that.
///
/// @Snippet(path: "bakery/Snippets/CleanRecords", slice: "stages")
public struct Stage<Element: Sendable>: Sendable {
  @usableFromInline let stages: Stages
  @usableFromInline let output: StageOutput<Element>
  @usableFromInline let meter: StageMeter
  /// The meter's, but for the branches of a fan-out, each of which needs its taker.
  @usableFromInline let identity: ObjectIdentity

  @inlinable
  init(
    _ stages: Stages,
    _ output: StageOutput<Element>,
    _ meter: StageMeter,
    _ identity: ObjectIdentity
  ) {
    self.stages = stages
    self.output = output
    self.meter = meter
    self.identity = identity
  }

  /// The output, once: two takers would take the elements from each other.
  @inlinable var takenOutput: StageOutput<Element> {
    stages.connect(identity)
    return output
  }

  /// The stage now: its `width`, elements `in` and `out`, how many workers are `busy`, `starved` of input and `blocked` by
  /// the next stage, and for how many milliseconds they were, all workers together.
  ///
  /// A source that waits for its next element counts as busy, and its counts may be behind by 255 while it has not had
  /// to wait for room. The branches of a fan-out show the figures of the fan-out.
  public func snapshot() -> Snapshot { meter.snapshot() }

  /// Adds a stage that transforms every element, several at a time.
  ///
  /// At most `2 * width` elements are in it: under way, or done and waiting for the next stage.
  ///
  /// > Ordering: in the order of the inputs, or as they are done.
  ///
  /// - Important: traps when `width` is less than 1, the stage has a taker already, or the run has begun.
  /// - Parameters:
  ///   - name: What dumps and errors call the stage.
  ///   - width: How many elements may be under way at once.
  ///   - order: The order of the outputs.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  ///   - transform: The work; runs in tasks of the stage. An error ends the run.
  /// - Returns: The new stage, to be connected.
  @inlinable
  public func map<Output: Sendable>(
    name: String = "map",
    width: Int = 1,
    order: GatherOrder = .input,
    file: StaticString = #fileID,
    line: UInt32 = #line,
    _ transform: @escaping @concurrent @Sendable (Element) async throws -> Output
  ) -> Stage<Output> {
    require(width >= 1, "Stage.map needs a width of at least 1, got \(width)")
    let meter = StageMeter(
      width: width,
      identity: ObjectIdentity(kind: "Stage", name: name, file: file, line: line)
    )
    let window = WindowCore<Output>(
      width: width,
      order: order,
      identity: ObjectIdentity(kind: "Window", name: name, file: file, line: line),
      meter: meter
    )
    let input = StageInput(takenOutput, meter)
    let scope = stages.scope
    let identity = meter.identity
    let work = Stages.Work(identity) {
      let item = ItemWork<Element, Output, Output>(.failFast) { element in
        meter.count(received: 1)
        let output = try await scope.run(identity) { try await transform(element) }
        meter.count(sent: 1)
        return output
      }
      try await runWorkers(width, on: window, from: SharedSource(input), item)
    }
    stages.add(work, meter, open: [identity])
    return Stage<Output>(stages, .window(window), meter, identity)
  }

  /// Adds a stage that puts elements together, until there are `count` or the first one has waited for some time.
  ///
  /// What is left at the end is a batch too.
  ///
  /// - Important: traps when `count` is less than 1, `buffer` less than 0, the stage has a taker already, or the run has
  ///   begun.
  /// - Parameters:
  ///   - name: What dumps and errors call the stage.
  ///   - count: How many elements make a batch.
  ///   - within: How long the first element of a batch waits at most for others, by the time source in force.
  ///   - buffer: How many batches may wait for the next stage.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  /// - Returns: The new stage, to be connected.
  @inlinable
  public func batch(
    name: String = "batch",
    count: Int,
    within: Duration? = nil,
    buffer: Int = 2,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) -> Stage<[Element]> {
    batch(name, BatchLimits(count: count, bytes: .max, size: nil), within, buffer, file, line)
  }

  /// Adds a stage that puts elements together, by count, time and size.
  ///
  /// A batch is complete before the element that would make it larger than `bytes`; one that is larger by itself is a
  /// batch of its own.
  ///
  /// - Important: traps when `count` or `bytes` is less than 1, `buffer` less than 0, the stage has a taker already, or
  ///   the run has begun.
  /// - Parameters:
  ///   - name: What dumps and errors call the stage.
  ///   - count: How many elements make a batch.
  ///   - bytes: How large a batch may be.
  ///   - within: How long the first element of a batch waits at most for others, by the time source in force.
  ///   - buffer: How many batches may wait for the next stage.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  ///   - size: How large an element is.
  /// - Returns: The new stage, to be connected.
  @inlinable
  public func batch(
    name: String = "batch",
    count: Int,
    bytes: Int,
    within: Duration? = nil,
    buffer: Int = 2,
    file: StaticString = #fileID,
    line: UInt32 = #line,
    size: @escaping @Sendable (Element) -> Int
  ) -> Stage<[Element]> {
    require(bytes >= 1, "Stage.batch needs a size of at least 1 byte, got \(bytes)")
    return batch(
      name,
      BatchLimits(count: count, bytes: bytes, size: size),
      within,
      buffer,
      file,
      line
    )
  }

  @inlinable
  func batch(
    _ name: String,
    _ limits: BatchLimits<Element>,
    _ within: Duration?,
    _ buffer: Int,
    _ file: StaticString,
    _ line: UInt32
  ) -> Stage<[Element]> {
    require(limits.count >= 1, "Stage.batch needs a count of at least 1, got \(limits.count)")
    let input = takenOutput
    return stages.add(name, buffer, file, line) { sender in
      try await sendBatches(StageInput(input, sender.meter), to: sender, limits, within: within)
    }
  }

  /// Adds a stage that hands every element to several stages, each of which sees all of them.
  ///
  /// The slowest of them sets the pace, when its buffer is full. To send elements to one of them only, let each drop
  /// what is not for it.
  ///
  /// - Important: traps when `count` is less than 1, `buffer` less than 0, the stage has a taker already, or the run has
  ///   begun.
  /// - Parameters:
  ///   - count: How many stages follow.
  ///   - name: What dumps and errors call the stage.
  ///   - buffer: How many elements may wait for each of them.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  /// - Returns: As many stages, each to be connected.
  @inlinable
  public func fanOut(
    _ count: Int,
    name: String = "fan-out",
    buffer: Int = 2,
    file: StaticString = #fileID,
    line: UInt32 = #line
  ) -> [Stage<Element>] {
    require(count >= 1, "Stage.fanOut needs a count of at least 1, got \(count)")
    let input = takenOutput
    let meter = StageMeter(
      width: 1,
      identity: ObjectIdentity(kind: "Stage", name: name, file: file, line: line)
    )
    let branches = (1...count).map { number in
      let name = "\(name) \(number)"
      let channel = Channel<Element>(capacity: buffer, name: name, file: file, line: line)
      let identity = ObjectIdentity(kind: "Stage", name: name, file: file, line: line)
      let stage = Stage(stages, .channel(channel.receiver), meter, identity)
      return (sender: StageSender(channel.sender, meter), stage: stage)
    }
    let senders = branches.map(\.sender)
    let work = Stages.Work(meter.identity) {
      try await sendToAll(StageInput(input, meter), to: senders)
      for output in senders { output.sender.close() }
    }
    stages.add(work, meter, open: branches.map(\.stage.identity))
    return branches.map(\.stage)
  }

  /// Adds the last stage: does something with every element.
  ///
  /// > Ordering: with a width of 1 in the order of the inputs, one after another.
  ///
  /// - Important: traps when `width` is not in 1…65,536, the stage has a taker already, or the run has begun.
  /// - Parameters:
  ///   - name: What dumps and errors call the stage.
  ///   - width: How many elements may be under way at once, each in a task that is started with the run.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  ///   - body: What to do; runs in tasks of the stage. An error ends the run.
  @inlinable
  public func forEach(
    name: String = "forEach",
    width: Int = 1,
    file: StaticString = #fileID,
    line: UInt32 = #line,
    _ body: @escaping @concurrent @Sendable (Element) async throws -> Void
  ) {
    require(
      width >= 1 && width <= 65_536,
      "Stage.forEach needs a width of 1 to 65536, got \(width)"
    )
    let meter = StageMeter(
      width: width,
      identity: ObjectIdentity(kind: "Stage", name: name, file: file, line: line)
    )
    let input = StageInput(takenOutput, meter)
    let scope = stages.scope
    let work = Stages.Work(meter.identity) {
      try await withThrowingDiscardingTaskGroup { group in
        for _ in 0..<width {
          group.addTask(name: name) {
            // At once, not when the other workers have ended: they may be waiting for this error.
            try await scope.run(meter.identity) { try await takeAll(input, body) }
          }
        }
      }
    }
    stages.add(work, meter, open: [])
  }
}
