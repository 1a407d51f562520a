/// What a broadcast answers to calls that come one after another and do not wait.
///
/// Each receiver has an endless list of its own here; what a ring with one copy does is to look the same.
struct BroadcastSpecification {
  enum Call: Sendable {
    case send
    case subscribe
    /// Receivers are named by the order in which they were admitted.
    case tryReceive(Int)
    case isFinished(Int)
    case unsubscribe(Int)
    case close
    case buffered
  }

  enum Result: Equatable, Sendable {
    case done
    case shown(Int)
    case noReceivers
    case closed
    case element(Int)
    case lagged(Int)
    case nothing
    case finished(Bool)
    case buffered(Int)
  }

  private struct Receiver {
    var unread: [Int] = []
    var missed = 0
  }

  let capacity: Int
  private var receivers: [Int: Receiver] = [:]
  private var admitted = 0
  private var sent = 0
  private var isClosed = false

  init(capacity: Int) {
    self.capacity = capacity
  }

  var living: [Int] { receivers.keys.sorted() }

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .send:
      if isClosed { return .closed }
      if receivers.isEmpty { return .noReceivers }
      for name in receivers.keys {
        receivers[name]?.unread.append(sent)
        guard let unread = receivers[name]?.unread.count, unread > capacity else { continue }
        receivers[name]?.unread.removeFirst()
        receivers[name]?.missed += 1
      }
      sent += 1
      return .shown(receivers.count)
    case .subscribe:
      receivers[admitted] = Receiver()
      admitted += 1
      return .done
    case .tryReceive(let name):
      guard var receiver = receivers[name] else { return .nothing }
      defer { receivers[name] = receiver }
      if receiver.missed > 0 {
        defer { receiver.missed = 0 }
        return .lagged(receiver.missed)
      }
      return receiver.unread.isEmpty ? .nothing : .element(receiver.unread.removeFirst())
    case .isFinished(let name):
      return .finished(isClosed && receivers[name]?.unread.isEmpty == true)
    case .unsubscribe(let name):
      receivers[name] = nil
      return .done
    case .close:
      isClosed = true
      return .done
    case .buffered:
      return .buffered(receivers.values.map(\.unread.count).max() ?? 0)
    }
  }
}
