/// What a oneshot answers to calls that come one after another and do not wait.
struct OneshotSpecification {
  enum Call: CaseIterable, Sendable {
    case send, tryReceive, closeSender, closeReceiver, isOver
  }

  enum Result: Equatable, Sendable {
    case done
    /// `send` gave the value back.
    case refused
    case value
    case notYet
    case taken, abandoned, closed
    case over(Bool)
  }

  private var isSent = false
  private var isTaken = false
  private var end: Result?

  mutating func apply(_ call: Call) -> Result {
    switch call {
    case .send:
      guard !isSent, end == nil else { return .refused }
      isSent = true
      return .done
    case .tryReceive:
      if let end { return end }
      guard isSent else { return .notYet }
      defer { isTaken = true }
      return isTaken ? .taken : .value
    case .closeSender, .closeReceiver:
      if !isSent, end == nil { end = call == .closeSender ? .abandoned : .closed }
      return .done
    case .isOver: return .over(isSent || end != nil)
    }
  }
}
