/// What an `AsyncOnce` may do, call by call.
///
/// A call takes effect at one moment. One that cannot return yet is `blocked`; the call that lets it go on names it:
/// as the one that `leads` now, or among those who `wentOn` with what there is, in order.
struct OnceSpecification {
  enum Call: Hashable, Sendable {
    case value(Int)
    /// A cancellation or deadline of the waiter of that number.
    case giveUp(Int)
    /// The leader's body returned.
    case succeed
    /// The leader's body threw; a cancelled leader's error is not remembered.
    case fail(isCancellation: Bool)
    case valueIfComputed
  }

  enum Result: Hashable, Sendable {
    case misuse
    case blocked
    case leads
    case returned
    case threw
    case gaveUp(Bool)
    case wentOn([Int])
    case passedOn(to: Int?)
    case isComputed(Bool)
  }

  private enum Outcome {
    case value
    case error
  }

  private let remembersFailure: Bool
  private var leader: Int?
  private var waiting: [Int] = []
  private var outcome: Outcome?

  /// Whether the leader's body runs; `succeed` and `fail` are calls of the leader only.
  var isLed: Bool { leader != nil }

  init(remembersFailure: Bool) { self.remembersFailure = remembersFailure }

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .value(let caller):
      switch outcome {
      case .value: return .returned
      case .error: return .threw
      case nil: return queue(caller)
      }
    case .giveUp(let caller):
      guard let place = waiting.firstIndex(of: caller) else { return .gaveUp(false) }
      waiting.remove(at: place)
      return .gaveUp(true)
    case .succeed: return end(.value)
    case .fail(let isCancellation):
      if remembersFailure, !isCancellation { return end(.error) }
      leader = waiting.isEmpty ? nil : waiting.removeFirst()
      return .passedOn(to: leader)
    case .valueIfComputed: return .isComputed(outcome == .value)
    }
  }

  private mutating func queue(_ caller: Int) -> Result {
    guard caller != leader else { return .misuse }
    guard leader == nil else {
      waiting.append(caller)
      return .blocked
    }
    leader = caller
    return .leads
  }

  private mutating func end(_ outcome: Outcome) -> Result {
    self.outcome = outcome
    leader = nil
    defer { waiting = [] }
    return .wentOn(waiting)
  }
}
