/// Where the elements of a stage wait for the next stage.
@usableFromInline
enum StageOutput<Element: Sendable>: Sendable {
  case channel(Channel<Element>.Receiver)
  case window(WindowCore<Element>)

  @inlinable @inline(__always)
  func tryReceive() -> Element? {
    switch self {
    case .channel(let receiver): receiver.tryReceive()
    case .window(let window): window.tryReceive()
    }
  }

  @inlinable
  func receive(until deadline: Deadline) async throws -> Element? {
    switch self {
    case .channel(let receiver): try await receiver.receive(deadline: deadline)
    case .window(let window): try await window.receive(until: deadline)
    }
  }

  /// Appends what is there, until there are `count` elements.
  @inlinable
  func take(upTo count: Int, into elements: inout [Element]) {
    if case .channel(let receiver) = self {
      receiver.core.receiveFast(upTo: count - elements.count, into: &elements)
    }
    while elements.count < count, let element = tryReceive() {
      elements.append(element)
      guard case .channel(let receiver) = self else { continue }
      receiver.core.receiveFast(upTo: count - elements.count, into: &elements)
    }
  }
}

/// What a stage receives from the one before it.
@usableFromInline
struct StageInput<Element: Sendable>: WindowSource, Sendable {
  @usableFromInline let output: StageOutput<Element>
  /// The receiving stage's.
  @usableFromInline let meter: StageMeter

  @inlinable
  init(_ output: StageOutput<Element>, _ meter: StageMeter) {
    self.output = output
    self.meter = meter
  }

  @inlinable @inline(__always)
  mutating func next() async throws -> Element? {
    if let element = output.tryReceive() { return element }
    return try await wait(until: .never)
  }

  @inlinable @inline(never)
  func wait(until deadline: Deadline) async throws -> Element? {
    try await meter.waiting(.starved) { try await output.receive(until: deadline) }
  }

  /// Appends what is there, up to `count` elements in all; waits while there is nothing, and is false at the end.
  @inlinable
  func next(
    upTo count: Int,
    into elements: inout [Element],
    until deadline: Deadline
  ) async throws -> Bool {
    let before = elements.count
    output.take(upTo: count, into: &elements)
    if elements.count > before { return true }
    guard let first = try await wait(until: deadline) else { return false }
    elements.append(first)
    output.take(upTo: count, into: &elements)
    return true
  }
}

/// Where a stage with a channel puts its elements.
@usableFromInline
struct StageSender<Element: Sendable>: Sendable {
  @usableFromInline let sender: Channel<Element>.Sender
  @usableFromInline let meter: StageMeter

  @inlinable
  init(_ sender: Channel<Element>.Sender, _ meter: StageMeter) {
    self.sender = sender
    self.meter = meter
  }

  /// Sends; the time that this takes counts as blocked when there is no room at once.
  @inlinable @inline(__always)
  func send(_ element: Element) async throws {
    if sender.core.sendFast(element) { return }
    try await meter.waiting(.blocked) { try await sender.send(element) }
  }
}

/// A source: sends what it has until it ends or the stages are drained.
///
/// - Returns: The element that it could not send any more when its task was cancelled.
@inlinable
func pump<Source: WindowSource & SendableMetatype>(
  _ source: SharedSource<Source>,
  to output: StageSender<Source.Element>,
  _ scope: StageScope
) async throws -> Source.Element? {
  output.meter.change(from: nil, to: .busy)
  defer { output.meter.change(from: .busy, to: nil) }
  var turn = YieldTurn()
  var count = 0
  defer { output.meter.count(received: count, sent: count) }
  while !scope.draining.isSet, let element = try await source.source.pointee.next() {
    if output.sender.core.sendFast(element) {
      count &+= 1
      guard turn.isOverAfterTaking() else { continue }
      output.meter.count(received: count, sent: count)
      count = 0
      await Task.yield()
      try Task.checkCancellation()
    } else {
      turn.restart()
      output.meter.count(received: count + 1, sent: count)
      count = 0
      do {
        try await output.send(element)
        output.meter.count(sent: 1)
      } catch is CancellationError {
        return element
      }
    }
  }
  return nil
}

/// The same for a source that may be waiting for its next element when the stages are drained.
///
/// It is cancelled then, in a task of its own; an element that it has taken by that time is still sent.
@inlinable
func pumpUntilDrained<Source: WindowSource & SendableMetatype>(
  _ source: SharedSource<Source>,
  to output: StageSender<Source.Element>,
  _ scope: StageScope
) async throws {
  let left = try await withThrowingTaskGroup(of: Source.Element?.self) { group in
    group.addTask(name: output.meter.identity.name) {
      do {
        return try await pump(source, to: output, scope)
      } catch is CancellationError where scope.draining.isSet {
        return nil
      }
    }
    group.addTask {
      try? await scope.draining.wait()
      return nil
    }
    var left = try await group.next() ?? nil
    group.cancelAll()
    if let other = try await group.next() ?? nil { left = other }
    return left
  }
  guard let left else { return }
  output.meter.change(from: nil, to: .busy)
  defer { output.meter.change(from: .busy, to: nil) }
  try await output.send(left)
  output.meter.count(sent: 1)
}

/// Puts elements together until a limit is reached.
@inlinable
func sendBatches<Element: Sendable>(
  _ input: StageInput<Element>,
  to output: StageSender<[Element]>,
  _ limits: BatchLimits<Element>,
  within: Duration?
) async throws {
  input.meter.change(from: nil, to: .busy)
  defer { input.meter.change(from: .busy, to: nil) }
  var state = BatchState(limits)
  var deadline = Deadline.never
  var isOpen = true
  while isOpen {
    let before = state.elements.count
    var isLate = false
    do {
      isOpen = try await input.next(upTo: limits.count, into: &state.elements, until: deadline)
    } catch is DeadlineExceeded {
      isLate = true
    }
    input.meter.count(received: state.elements.count - before)
    while let batch = state.next(isLast: isLate || !isOpen) {
      try await output.send(batch)
      output.meter.count(sent: 1)
      deadline = .never
    }
    if deadline == .never, let within, !state.elements.isEmpty { deadline = .after(within) }
  }
}

/// Sends every element to all outputs.
@inlinable
func sendToAll<Element: Sendable>(
  _ input: StageInput<Element>,
  to outputs: [StageSender<Element>]
) async throws {
  input.meter.change(from: nil, to: .busy)
  defer { input.meter.change(from: .busy, to: nil) }
  var input = input
  var turn = YieldTurn()
  while let element = try await input.next() {
    for output in outputs { try await output.send(element) }
    input.meter.count(received: 1, sent: 1)
    if turn.isOverAfterTaking() { await Task.yield() }
  }
}

/// One worker at the end of the stages.
@inlinable
func takeAll<Element: Sendable>(
  _ input: StageInput<Element>,
  _ body: @concurrent @Sendable (Element) async throws -> Void
) async throws {
  input.meter.change(from: nil, to: .busy)
  defer { input.meter.change(from: .busy, to: nil) }
  var input = input
  var turn = YieldTurn()
  while let element = try await input.next() {
    input.meter.count(received: 1)
    try await body(element)
    if turn.isOverAfterTaking() { await Task.yield() }
  }
}
