/// What channels answer to calls and selects that come one after another, as plain lists of who waits.
///
/// A task that waits for one thing is a select with one clause.
struct ChannelSpecification {
  enum Clause: Equatable {
    case receive(Int)
    case send(Int, Int)
    /// Only as the one clause of a task.
    case reserve(Int)

    var channel: Int {
      switch self {
      case .receive(let channel), .send(let channel, _), .reserve(let channel): channel
      }
    }
  }

  enum Call {
    /// By a task that waits for nothing; the clauses are in the order in which chance tries them.
    case select(Int, [Clause])
    /// Of a task, whether it waits or not.
    case cancel(Int)
    case close(Int)
    /// By a task that has a place of the channel.
    case sendReserved(Int, Int)
    case giveBack(Int)
  }

  /// How a select ended, with the number of its clause.
  enum End: Equatable {
    /// Nothing if the channel is closed and empty.
    case received(Int, Int?)
    case sent(Int)
    case refused(Int)
    case reserved
    case cancelled
  }

  private struct Channel {
    let capacity: Int
    var buffer: [Int] = []
    var reserved = 0
    var isClosed = false

    var hasPlace: Bool { buffer.count + reserved < capacity }
  }

  private var channels: [Channel]
  /// Who waits, in the order in which they came.
  private var waiting: [(task: Int, clauses: [Clause])] = []
  private var ends: [Int: End] = [:]

  init(capacities: [Int]) {
    channels = capacities.map { Channel(capacity: $0) }
  }

  func hasReserved(_ channel: Int) -> Bool { channels[channel].reserved > 0 }

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
      while let (_, number) = grant({ $0.wantsPlace(of: channel) }) { end(.refused(number)) }
      while let (_, number) = grant({ $0 == .receive(channel) }) { end(.received(number, nil)) }
    case .sendReserved(let channel, let element):
      channels[channel].reserved -= 1
      if channels[channel].isClosed {
        ends[-1] = .refused(0)
      } else {
        put(element, into: channel)
      }
      fill(channel)
    case .giveBack(let channel):
      channels[channel].reserved -= 1
      fill(channel)
    }
    return ends
  }

  /// Gives an element for which there is a place to who waits for it, or to the buffer.
  private mutating func put(_ element: Int, into channel: Int) {
    if let (_, receiver) = grant({ $0 == .receive(channel) }) {
      end(.received(receiver, element))
    } else {
      channels[channel].buffer.append(element)
    }
  }

  /// Gives free places to those who wait for them.
  private mutating func fill(_ channel: Int) {
    while channels[channel].hasPlace, let (clause, number) = grant({ $0.wantsPlace(of: channel) }) {
      if case .send(_, let element) = clause {
        end(.sent(number))
        put(element, into: channel)
      } else {
        channels[channel].reserved += 1
        end(.reserved)
      }
    }
  }

  private var granted = 0

  private mutating func end(_ end: End) { ends[granted] = end }

  private mutating func take(_ clause: Clause, _ number: Int) -> End? {
    let channel = clause.channel
    switch clause {
    case .receive:
      if !channels[channel].buffer.isEmpty {
        let element = channels[channel].buffer.removeFirst()
        fill(channel)
        return .received(number, element)
      }
      if channels[channel].capacity == 0,
        case (.send(_, let element), let sender)? = grant({ $0.wantsPlace(of: channel) })
      {
        end(.sent(sender))
        return .received(number, element)
      }
      return channels[channel].isClosed ? .received(number, nil) : nil
    case .send(_, let element):
      if channels[channel].isClosed { return .refused(number) }
      if channels[channel].hasPlace {
        put(element, into: channel)
        return .sent(number)
      }
      guard channels[channel].capacity == 0, let (_, receiver) = grant({ $0 == .receive(channel) })
      else { return nil }
      end(.received(receiver, element))
      return .sent(number)
    case .reserve:
      if channels[channel].isClosed { return .refused(number) }
      guard channels[channel].hasPlace else { return nil }
      channels[channel].reserved += 1
      return .reserved
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

extension ChannelSpecification.Clause {
  fileprivate func wantsPlace(of channel: Int) -> Bool {
    if case .receive = self { false } else { self.channel == channel }
  }
}
