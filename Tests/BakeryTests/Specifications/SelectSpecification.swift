/// What channels answer to selects that come one after another, as plain lists of who waits.
///
/// A task that waits for one thing is a select with one clause.
struct SelectSpecification {
  enum Clause: Equatable {
    case receive(Int)
    case send(Int, Int)

    var channel: Int {
      switch self {
      case .receive(let channel), .send(let channel, _): channel
      }
    }
  }

  enum Call {
    /// By a task that waits for nothing; the clauses are in the order in which chance tries them.
    case select(Int, [Clause])
    /// Of a task, whether it waits or not.
    case cancel(Int)
    case close(Int)
  }

  /// How a select ended, with the number of its clause.
  enum End: Equatable {
    /// Nothing if the channel is closed and empty.
    case received(Int, Int?)
    case sent(Int)
    case refused(Int)
    case cancelled
  }

  private struct Channel {
    let capacity: Int
    var buffer: [Int] = []
    var isClosed = false
  }

  private var channels: [Channel]
  /// Who waits, in the order in which they came.
  private var waiting: [(task: Int, clauses: [Clause])] = []
  private var ends: [Int: End] = [:]

  init(capacities: [Int]) {
    channels = capacities.map { Channel(capacity: $0) }
  }

  func isWaiting(_ task: Int) -> Bool { waiting.contains { $0.task == task } }

  /// The selects that end by the call, by task.
  mutating func apply(_ call: Call) -> [Int: End] {
    ends = [:]
    switch call {
    case .select(let task, let clauses):
      for (number, clause) in clauses.enumerated() {
        if let end = take(clause, number) {
          ends[task] = end
          return ends
        }
      }
      waiting.append((task, clauses))
    case .cancel(let task):
      if waiting.contains(where: { $0.task == task }) { ends[task] = .cancelled }
      waiting.removeAll { $0.task == task }
    case .close(let channel):
      channels[channel].isClosed = true
      while let (_, number) = grant({ $0.isSend(on: channel) }) { end(.refused(number)) }
      while let (_, number) = grant({ $0 == .receive(channel) }) { end(.received(number, nil)) }
    }
    return ends
  }

  private var granted = 0

  private mutating func end(_ end: End) { ends[granted] = end }

  private mutating func take(_ clause: Clause, _ number: Int) -> End? {
    let channel = clause.channel
    switch clause {
    case .receive:
      if !channels[channel].buffer.isEmpty {
        let element = channels[channel].buffer.removeFirst()
        if case (.send(_, let next), let number)? = grant({ $0.isSend(on: channel) }) {
          channels[channel].buffer.append(next)
          end(.sent(number))
        }
        return .received(number, element)
      }
      if case (.send(_, let element), let sender)? = grant({ $0.isSend(on: channel) }) {
        end(.sent(sender))
        return .received(number, element)
      }
      return channels[channel].isClosed ? .received(number, nil) : nil
    case .send(_, let element):
      if channels[channel].isClosed { return .refused(number) }
      if let (_, receiver) = grant({ $0 == .receive(channel) }) {
        end(.received(receiver, element))
        return .sent(number)
      }
      guard channels[channel].buffer.count < channels[channel].capacity else { return nil }
      channels[channel].buffer.append(element)
      return .sent(number)
    }
  }

  /// Takes the first waiting select that has such a clause out of all lines.
  private mutating func grant(_ fits: (Clause) -> Bool) -> (Clause, Int)? {
    for (place, select) in waiting.enumerated() {
      guard let number = select.clauses.firstIndex(where: fits) else { continue }
      granted = select.task
      waiting.remove(at: place)
      return (select.clauses[number], number)
    }
    return nil
  }
}

extension SelectSpecification.Clause {
  fileprivate func isSend(on channel: Int) -> Bool {
    if case .send(channel, _) = self { true } else { false }
  }
}
