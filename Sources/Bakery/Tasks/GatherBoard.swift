/// What the children of one `gather` share: the inputs that are left and the outputs so far.
///
/// A child takes the next input and leaves its last output in one step, so an item costs one lock.
// Safe because `state` is touched only under `lock`, and `init` takes the inputs `sending`.
@usableFromInline
final class GatherBoard<Inputs: Sequence & SendableMetatype, Kept: Sendable>: @unchecked Sendable
where Inputs.Element: Sendable {
  @usableFromInline
  struct State {
    @usableFromInline var inputs: Inputs.Iterator
    @usableFromInline var taken = 0
    @usableFromInline var isStopped = false
    @usableFromInline var failure: (any Error)?
    /// In input order: a place for each input taken. In completion order: what is there, in order of arrival.
    @usableFromInline var outputs: ContiguousArray<Kept?> = []
    @usableFromInline var childrenWaiting = 0

    @inlinable
    init(inputs: Inputs.Iterator) {
      self.inputs = inputs
    }
  }

  @usableFromInline let order: GatherOrder
  @usableFromInline let lock = Lock()
  /// Behind a pointer, so that inlined code pays no exclusivity checks; owned by this object.
  @usableFromInline let state: UnsafeMutablePointer<State>

  @inlinable
  init(_ inputs: sending Inputs, order: GatherOrder) {
    self.order = order
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
  func next(after output: consuming (index: Int, kept: Kept)?) -> (index: Int, input: Inputs.Element)? {
    lock.lock()
    defer { lock.unlock() }
    if let output {
      switch order {
      case .input: state.pointee.outputs[output.index] = output.kept
      case .completion: state.pointee.outputs.append(output.kept)
      }
    }
    guard !state.pointee.isStopped, let input = state.pointee.inputs.next() else { return nil }
    let index = state.pointee.taken
    state.pointee.taken += 1
    if order == .input { state.pointee.outputs.append(nil) }
    return (index, input)
  }

  /// Ends the giving out of inputs; the first error given is the one that `gather` throws.
  @inlinable
  func stop(_ error: (any Error)?) {
    lock.lock()
    defer { lock.unlock() }
    state.pointee.isStopped = true
    if state.pointee.failure == nil { state.pointee.failure = error }
  }

  /// A child is about to wait for a permit.
  @inlinable
  func willWait() {
    lock.lock()
    state.pointee.childrenWaiting += 1
    lock.unlock()
  }

  /// A child got its permit; true when nobody waits for the next one.
  @inlinable
  func didWait() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    state.pointee.childrenWaiting -= 1
    return state.pointee.childrenWaiting == 0
  }

  /// The outputs, once all children are done.
  @inlinable
  func finish() throws -> [Kept] {
    lock.lock()
    defer { lock.unlock() }
    if let failure = state.pointee.failure { throw failure }
    return state.pointee.outputs.map { output in
      guard let output else { misuse("gather lost an output: please report this as a bug of Bakery") }
      return output
    }
  }
}
