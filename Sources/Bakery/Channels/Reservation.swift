extension Channel {
  /// A place in a channel's buffer that is kept free for one element.
  ///
  /// Send into it, without a wait, or let its life end, which gives the place to who waits for it. It cannot be copied, so
  /// nothing is sent into it twice, and it may be handed to another task. It takes a part of the capacity until then.
  ///
  /// @Snippet(path: "bakery/Snippets/PassElements", slice: "reserve")
  public struct Reservation: ~Copyable, Sendable {
    /// None once the place was used.
    @usableFromInline var sender: Sender?

    @inlinable
    init(_ sender: Sender) {
      self.sender = sender
    }

    /// Puts an element into the place; never waits.
    ///
    /// > Ordering: behind what was sent before this call, whenever the place was reserved.
    ///
    /// - Parameter element: What to send.
    /// - Throws: `SendFailure`, which gives the element back, when the channel was closed meanwhile.
    @inlinable
    public consuming func send(_ element: Element) throws(SendFailure<Element>) {
      guard let sender = sender.take() else { return }
      guard sender.core.sendReserved(element) else { throw SendFailure(.closed, element) }
    }

    @inlinable
    deinit {
      sender?.core.giveBackPlace()
    }
  }
}

extension ChannelGate {
  @inlinable @inline(__always)
  func reserveFast() -> Bool {
    guard Mode.isPlain else { return false }
    lock.lockFast()
    defer { lock.unlock() }
    guard state.pointee.hasRoomOnly else { return false }
    state.pointee.reserved &+= 1
    return true
  }

  /// False when the channel is full or closed.
  @usableFromInline
  final func tryReserveSlowly() -> Bool {
    if case .granted = reserve(nil) { true } else { false }
  }

  fileprivate func reserve(_ party: Party?) -> ChannelState.ReserveStep {
    lock.lock()
    let (capacity, step) = (state.pointee.capacity, state.pointee.reserve(party))
    lock.unlock()
    require(
      capacity > 0,
      "\(identity): reserve needs a capacity of at least 1, with 0 there is no place to keep"
    )
    return step
  }
}

extension ChannelCore {
  /// False when the channel is closed.
  @usableFromInline
  func reserveSlowly(_ deadline: Deadline) async throws -> Bool {
    let seen = spinner.seen
    switch reserve(.arriving("reserve")) {
    case .granted: return true
    case .closed, .full: return false
    case .wait(let ticket):
      let outcome = await waitToSend(ticket, "reserve", until: deadline, since: seen)
      if outcome.isGranted { return true }
      Trace.record(.gaveUp, identity)
      leave(ticket)
      if outcome == .closed { return false }
      throw outcome.failure("reserve", on: identity, until: deadline)
    }
  }

  /// False when the channel is closed.
  @inlinable
  func sendReserved(_ element: Element) -> Bool {
    var wakes = Wakes()
    lock.lock()
    let step = state.pointee.sendReserved()
    switch step {
    case .buffer: storage.pointee.append(element, after: state.pointee.buffered &- 1)
    case .handOff(let receiver, let wake):
      storage.pointee.forReceivers.park(element, receiver)
      wakes.add(wake)
      spinner.didDecide()
      fillPlaces(&wakes)
    case .replaceFirst, .wait, .full, .closed, .lost: break
    }
    lock.unlock()
    if case .closed = step { return false }
    Trace.record(.sent, identity)
    wakes.fire()
    return true
  }

  @inlinable @inline(never)
  func giveBackPlace() {
    var wakes = Wakes()
    lock.lock()
    state.pointee.reserved -= 1
    fillPlaces(&wakes)
    lock.unlock()
    wakes.fire()
  }

  /// Hands free places to those who wait for them; called under the lock.
  @inlinable
  func fillPlaces(_ wakes: inout Wakes) {
    while true {
      switch state.pointee.fillPlace() {
      case .none: return
      case .buffer(let sender, let wake):
        let element = storage.pointee.fromSenders.take(sender)
        storage.pointee.append(element, after: state.pointee.buffered &- 1)
        wakes.add(wake)
      case .handOff(let sender, let wake, let receiver, let other):
        storage.pointee.forReceivers.park(storage.pointee.fromSenders.take(sender), receiver)
        wakes.add(wake)
        wakes.add(other)
      case .reserved(let wake): wakes.add(wake)
      }
      spinner.didDecide()
    }
  }
}
