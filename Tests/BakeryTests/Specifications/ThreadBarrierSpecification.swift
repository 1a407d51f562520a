/// What a barrier may do, call by call, with nothing but a set.
struct ThreadBarrierSpecification {
  enum Call {
    /// A thread arrives; threads are numbered from 0 in that order.
    case arrive
    /// Thread `thread`, which did not lead, ends its wait.
    case leave(thread: Int)
  }

  enum Result: Equatable {
    case leads(waking: Int)
    case waits
    case left(isOver: Bool)
  }

  let parties: Int
  private(set) var arrivals = 0
  private(set) var waiting: Set<Int> = []

  init(parties: Int) {
    self.parties = parties
  }

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .arrive:
      defer { arrivals += 1 }
      if waiting.count + 1 < parties {
        waiting.insert(arrivals)
        return .waits
      }
      defer { waiting = [] }
      return .leads(waking: waiting.count)
    case .leave(let thread):
      return .left(isOver: waiting.remove(thread) == nil)
    }
  }
}
