/// What an `AsyncLatch` may do, call by call; an `AsyncEvent` is one of count 1.
///
/// A call takes effect at one moment. One that cannot return yet is `blocked`; the call that lets it return
/// names it among those who `wentOn`, in order.
struct LatchSpecification {
  enum Call: Hashable, Sendable {
    case countDown(by: Int)
    /// What `set()` of an event does.
    case open
    case wait(Int)
    /// A cancellation or deadline of the waiter of that number.
    case giveUp(Int)
    case remaining
  }

  enum Result: Hashable, Sendable {
    case misuse
    case blocked
    case returned
    case gaveUp(Bool)
    case wentOn([Int])
    case remains(Int)
  }

  private var remaining: Int
  private var waiting: [Int] = []

  init(count: Int) { remaining = count }

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .countDown(let number):
      guard number <= remaining else { return .misuse }
      remaining -= number
      return .wentOn(whoGoesOn())
    case .open:
      remaining = 0
      return .wentOn(whoGoesOn())
    case .wait(let waiter):
      guard remaining > 0 else { return .returned }
      waiting.append(waiter)
      return .blocked
    case .giveUp(let waiter):
      guard let place = waiting.firstIndex(of: waiter) else { return .gaveUp(false) }
      waiting.remove(at: place)
      return .gaveUp(true)
    case .remaining: return .remains(remaining)
    }
  }

  private mutating func whoGoesOn() -> [Int] {
    guard remaining == 0 else { return [] }
    defer { waiting = [] }
    return waiting
  }
}
