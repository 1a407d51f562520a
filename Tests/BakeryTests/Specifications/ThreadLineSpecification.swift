/// What a line of blocked threads may do, call by call, with nothing but an array.
struct ThreadLineSpecification {
  enum Call {
    /// A thread takes its place; threads are numbered from 0 in that order.
    case wait
    case wakeFirst
    case wakeAll
    /// Thread `thread` ends its wait, woken or not; one that has ended it already is not to be asked.
    case leave(thread: Int)
    /// Thread `thread`, which was woken, cannot use its signal.
    case passOn(thread: Int)
  }

  enum Result: Equatable {
    case none
    case woken([Int])
    case left(isWoken: Bool)
  }

  private(set) var line: [Int] = []
  private(set) var arrivals = 0
  /// For each woken thread, how many had arrived by then.
  private(set) var signals: [Int: Int] = [:]

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .wait:
      line.append(arrivals)
      arrivals += 1
      return .none
    case .wakeFirst:
      return .woken(wake(line.prefix(1)))
    case .wakeAll:
      return .woken(wake(line[...]))
    case .leave(let thread):
      line.removeAll { $0 == thread }
      return .left(isWoken: signals[thread] != nil)
    case .passOn(let thread):
      guard let signal = signals[thread] else { return .woken([]) }
      return .woken(wake(line.prefix(1).filter { $0 < signal }[...]))
    }
  }

  private mutating func wake(_ threads: ArraySlice<Int>) -> [Int] {
    for thread in threads { signals[thread] = arrivals }
    line.removeFirst(threads.count)
    return Array(threads)
  }
}
