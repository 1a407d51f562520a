/// What the children of one `gather` share: the inputs that are left and the outputs so far.
///
/// A child takes the next input and leaves its last output in one step, so an item costs one lock. The caller's
/// iterator runs under that lock, so `stop` must not need it: an iterator may cancel its own gather.
// Safe because `state` is touched only under `lock`, and `init` takes the inputs `sending`.
@usableFromInline
final class GatherBoard<Inputs: Sequence & SendableMetatype, Kept: Sendable>: @unchecked Sendable
where Inputs.Element: Sendable {
  @usableFromInline
  struct State {
    @usableFromInline var inputs: Inputs.Iterator
    @usableFromInline var taken = 0
    @usableFromInline var isExhausted = false
    /// In completion order all outputs so far; in input order those before the first one that is missing.
    @usableFromInline var outputs: [Kept] = []
    /// Those behind it, in a ring of a power of two of places, by the low bits of their index.
    @usableFromInline var window: ContiguousArray<Kept?> = ContiguousArray(
      repeating: nil,
      count: 16
    )
    /// The outcomes so far where not every item is needed.
    @usableFromInline var tally = GatherTally<Kept>()
    /// Children that wait for a permit, or were asked for and will.
    @usableFromInline var childrenWaiting = 1

    @inlinable
    init(inputs: Inputs.Iterator) {
      self.inputs = inputs
    }

    /// Puts an output where it belongs; outputs that were waiting for it follow.
    @inlinable @inline(__always)
    mutating func place(_ output: consuming Kept, at index: Int) {
      guard index == outputs.count else { return keep(output, at: index) }
      outputs.append(consume output)
      while let next = window[outputs.count & (window.count &- 1)].take() { outputs.append(next) }
    }

    @inlinable @inline(never)
    mutating func keep(_ output: Kept, at index: Int) {
      while index - outputs.count >= window.count {
        var larger = ContiguousArray<Kept?>(repeating: nil, count: window.count * 2)
        for old in outputs.count..<outputs.count + window.count {
          larger[old & (larger.count - 1)] = window[old & (window.count - 1)]
        }
        window = larger
      }
      window[index & (window.count - 1)] = output
    }
  }

  private enum Verdict {
    case open, enough
    case failed(any Error)
  }

  @usableFromInline let order: GatherOrder
  /// How many kept outputs end the gather; `nil` where every item is needed.
  @usableFromInline let needed: Int?
  /// How many inputs there are, where that is known at once.
  @usableFromInline let inputsMaximum: Int
  @usableFromInline let lock = Lock()
  @usableFromInline let isStopped = Word(0)
  /// Invariant: set once; what comes first counts.
  private let verdict = Guarded(Verdict.open)
  /// Behind a pointer, so that inlined code pays no exclusivity checks; owned by this object.
  @usableFromInline let state: UnsafeMutablePointer<State>

  @inlinable
  init(_ inputs: sending Inputs, order: GatherOrder, needed: Int?) {
    self.order = order
    self.needed = needed
    inputsMaximum = (inputs as? any RandomAccessCollection)?.count ?? .max
    state = .allocate(capacity: 1)
    state.initialize(to: State(inputs: inputs.makeIterator()))
  }

  @inlinable
  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// Leaves an output and takes the next input; `nil` when there is none or the gather has stopped.
  @inlinable @inline(__always)
  func next(
    after output: consuming (index: Int, kept: Kept)?
  ) -> (index: Int, input: Inputs.Element)? {
    lock.lock()
    defer { lock.unlock() }
    if let output = consume output {
      switch order {
      case .input: state.pointee.place(output.kept, at: output.index)
      case .completion: state.pointee.outputs.append(output.kept)
      }
    }
    guard isStopped.loadFast() == 0, let input = state.pointee.inputs.next() else {
      state.pointee.isExhausted = true
      return nil
    }
    let index = state.pointee.taken
    state.pointee.taken += 1
    return (index, input)
  }

  /// Whether a child has found that there are no more inputs.
  @inlinable var isExhausted: Bool {
    lock.lock()
    defer { lock.unlock() }
    return state.pointee.isExhausted
  }

  /// Keeps an outcome as the policy says; returns what is to be put in its place, where every item has one.
  @inlinable @inline(__always)
  func keep<Output>(
    _ result: Result<Output, any Error>,
    at index: Int,
    _ policy: GatherPolicy<Output, Kept>
  ) throws -> (index: Int, kept: Kept)? {
    guard let needed else { return (index, try policy.keep(result)) }
    try count(Result { (index, try policy.keep(result)) }, needed: needed)
    return nil
  }

  /// Counts an outcome; throws when there are enough, or can no longer be.
  @inlinable @inline(never)
  func count(_ result: Result<(index: Int, output: Kept), any Error>, needed: Int) throws {
    lock.lock()
    let isEnough = state.pointee.tally.count(result, needed: needed)
    let isHopeless = inputsMaximum - state.pointee.tally.failed < needed
    lock.unlock()
    if isEnough {
      stop(nil)
      throw GatherEnded()
    }
    if isHopeless { throw fellShort(of: needed) }
  }

  /// The error of too few successes; the first one that is made counts.
  @usableFromInline
  func fellShort(of needed: Int) -> any Error {
    lock.lock()
    defer { lock.unlock() }
    return state.pointee.tally.fellShort(of: needed)
  }

  /// Ends the giving out of inputs: with an error that `gather` throws, or because there is enough; the first call counts.
  @usableFromInline
  func stop(_ error: (any Error)?) {
    verdict.withLock { verdict in
      if case .open = verdict { verdict = error.map { .failed($0) } ?? .enough }
    }
    isStopped.store(1)
  }

  @usableFromInline
  func throwFailure() throws {
    if case .failed(let error) = verdict.withLock({ $0 }) { throw error }
  }

  /// A child is about to wait for a permit.
  @inlinable
  func willWait() {
    lock.lock()
    state.pointee.childrenWaiting += 1
    lock.unlock()
  }

  /// A child got its permit; true when nobody waits for the next one, so that one more child is to be started, which
  /// counts as waiting from now on.
  @inlinable
  func didWait() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard state.pointee.childrenWaiting == 1 else {
      state.pointee.childrenWaiting -= 1
      return false
    }
    return true
  }

  /// The outputs, once all children are done.
  @inlinable
  func finish() throws -> [Kept] {
    try throwFailure()
    lock.lock()
    defer { lock.unlock() }
    if let needed { return try state.pointee.tally.finish(order, needed: needed) }
    require(
      state.pointee.outputs.count == state.pointee.taken,
      "gather lost an output: please report this as a bug of Bakery"
    )
    return state.pointee.outputs
  }
}

/// Ends the children of a gather that has enough; nobody outside sees it.
@usableFromInline
struct GatherEnded: Error {
  @inlinable init() {}
}
