/// What a watch answers to calls that come one after another and do not wait.
struct WatchSpecification {
  enum Call: Sendable {
    case send
    /// A change that began before the last `count` sends.
    case commit(late: Int)
    case subscribe
    /// Receivers are named by the order in which they were admitted.
    case tryChanged(Int)
    case unsubscribe(Int)
    case close
    case isObserved
  }

  enum Result: Equatable, Sendable {
    case done
    case closed
    case outdated
    /// The value, which is a number here: how many were set before it.
    case value(Int)
    case same
    case finished
    case observed(Bool)
  }

  private var value = 0
  private var seen: [Int: Int] = [:]
  private var admitted = 0
  private var isClosed = false

  var living: [Int] { seen.keys.sorted() }

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .send, .commit(0):
      if isClosed { return .closed }
      value += 1
      return .done
    case .commit: return isClosed ? .closed : .outdated
    case .subscribe:
      seen[admitted] = value
      admitted += 1
      return .done
    case .tryChanged(let name):
      guard let last = seen[name] else { return .same }
      seen[name] = value
      if last != value { return .value(value) }
      return isClosed ? .finished : .same
    case .unsubscribe(let name):
      seen[name] = nil
      return .done
    case .close:
      isClosed = true
      return .done
    case .isObserved: return .observed(!seen.isEmpty && !isClosed)
    }
  }
}
