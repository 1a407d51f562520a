/// Does work for a key once for all who ask for it at the same time.
///
/// The first caller starts the work in a task of its own; those who come before it ends wait for the same result, value
/// or error. The work belongs to all of them: one that is cancelled or runs out of time leaves the others their result, and
/// the work is cancelled when the last one has left. Nothing is kept after it ends: the next caller starts anew. Use
/// `AsyncOnce` for a value that stays.
///
/// > Ordering: waiters get the result in the order of their calls.
///
/// > Memory: what the work did happens before what anybody does with its result.
///
/// - Complexity: O(1), and O(*waiters*) for the end of the work; one task for each piece of work.
///
/// @Snippet(path: "bakery/Snippets/LimitFailures", slice: "flight")
public final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Traceable {
  /// What the object is called and where it was made.
  public let identity: ObjectIdentity

  private let flights = Guarded<[Key: Flight]>([:])
  private let registration = Registration()

  /// Makes an object with no work under way.
  ///
  /// - Parameters:
  ///   - name: What dumps and errors call it; a named object is in the dump from the start.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  public init(name: String? = nil, file: StaticString = #fileID, line: UInt32 = #line) {
    identity = ObjectIdentity(kind: "SingleFlight", name: name, file: file, line: line)
    if name != nil { registration.ensure(self) }
  }

  /// Returns what the work under way for `key` gives, and starts it if there is none.
  ///
  /// The work runs with the priority, the task-local values and the executor of the caller that started it, but not on its
  /// actor, and its deadline is not in force there.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered. The work is
  /// cancelled, and not waited for, when all callers that wait for it have left.
  ///
  /// - Parameters:
  ///   - key: What the work is for.
  ///   - deadline: Until when to wait; it does not limit the work.
  ///   - work: What to do if nobody does it.
  /// - Returns: What the work gave; the same for all who waited for it.
  /// - Throws: What the work threw; `CancellationError`; `DeadlineExceeded`.
  public func value(
    for key: Key,
    deadline: Deadline = .never,
    _ work: @escaping @concurrent @Sendable () async throws -> Value
  ) async throws -> Value {
    registration.ensure(self)
    let party = Party.arriving("value")
    let (flight, joining, isNew) = join(key, party)
    if isNew { flight.begin(start(work, for: key, flight)) }
    if case .waiting(let ticket) = joining {
      Trace.record(.waiting, identity)
      let outcome = await flight.suspend(ticket, as: .current("value"), until: deadline)
      Trace.record(outcome.isGranted ? .holding : .gaveUp, identity)
      guard outcome.isGranted else { throw outcome.failure("value", on: identity, until: deadline) }
    }
    return try result(of: flight).get()
  }

  /// Lets the next caller start the work anew, though it is under way; those who wait for it still get its result.
  public func forget(_ key: Key) {
    flights.withLock { $0[key] = nil }
  }

  /// The object now: for how many keys work is `running`, how many callers are `waiting`, and who.
  public func snapshot() -> Snapshot {
    let flights = flights.withLockUnobserved { Array($0.values) }
    let waiters = flights.flatMap(\.parties)
    return Snapshot(
      of: identity,
      figures: ["running": flights.count, "waiting": waiters.count],
      waiters: waiters
    )
  }

  /// Takes a place at the flight of `key`, or at a new one.
  private func join(_ key: Key, _ party: Party) -> (Flight, Flight.Joining, Bool) {
    flights.withLock { flights in
      if let flight = flights[key] {
        let joining = flight.join(party)
        guard case .abandoned = joining else { return (flight, joining, false) }
      }
      let flight = Flight(result: FlightResult<Value>()) { [weak self] in self?.remove($0, key) }
      flights[key] = flight
      return (flight, flight.join(party), true)
    }
  }

  // Safe because `join` makes all flights of this object.
  private func result(of flight: Flight) -> FlightResult<Value> {
    unsafeDowncast(flight.result, to: FlightResult<Value>.self)
  }

  private func start(
    _ work: @escaping @concurrent @Sendable () async throws -> Value,
    for key: Key,
    _ flight: Flight
  ) -> Task<Void, Never> {
    Task(executorPreference: currentTaskExecutor) {
      let result = await ActiveDeadline.$innermost.withValue(nil) {
        await Result<Value, any Error>.capturing(work)
      }
      // Removed first: who comes after the end starts anew.
      self.remove(flight, key)
      self.result(of: flight).set(result)
      flight.land()
    }
  }

  private func remove(_ flight: Flight, _ key: Key) {
    flights.withLock { if $0[key] === flight { $0[key] = nil } }
  }
}
