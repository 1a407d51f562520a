/// What an `AsyncBarrier` may do, call by call.
///
/// A call takes effect at one moment. One that cannot return yet is `blocked`; the call that completes its phase
/// names it among those who `wentOn`, in order.
struct BarrierSpecification {
  enum Call: Hashable, Sendable {
    case arrive(Int)
    /// A cancellation or deadline of the party of that number.
    case giveUp(Int)
    case leave
  }

  enum Result: Hashable, Sendable {
    case misuse
    case blocked
    /// The caller's phase is complete and it is the leader.
    case completed(phase: Int, others: [Int])
    case gaveUp(Bool)
    /// The departure completed that phase with that leader, or no phase.
    case left(phase: Int?, leader: Int?, wentOn: [Int])
  }

  private var parties: Int
  private var phase = 0
  private var arrived: [Int] = []

  init(parties: Int) { self.parties = parties }

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .arrive(let party):
      guard parties > 0 else { return .misuse }
      guard arrived.count + 1 == parties else {
        arrived.append(party)
        return .blocked
      }
      defer { nextPhase() }
      return .completed(phase: phase, others: arrived)
    case .giveUp(let party):
      guard let place = arrived.firstIndex(of: party) else { return .gaveUp(false) }
      arrived.remove(at: place)
      return .gaveUp(true)
    case .leave:
      guard parties > 0 else { return .misuse }
      parties -= 1
      guard let first = arrived.first, arrived.count == parties else {
        return .left(phase: nil, leader: nil, wentOn: [])
      }
      defer { nextPhase() }
      return .left(phase: phase, leader: first, wentOn: arrived)
    }
  }

  private mutating func nextPhase() {
    phase += 1
    arrived = []
  }
}
