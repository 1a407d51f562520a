import Testing

@testable import Bakery

func party(_ name: String, _ count: Int = 1) -> Party {
  Party(
    task: TaskIdentity(number: 1, name: name),
    operation: "acquire",
    count: count,
    since: Deadline(nanoseconds: 0)
  )
}

@Suite struct WaitQueueTests {
  var queue = WaitQueue()

  private var names: [String?] { queue.parties.map(\.task.name) }

  @Test mutating func `waiters stand in the order of their calls`() {
    for name in ["a", "b", "c"] { _ = queue.enqueue(party(name)) }
    #expect(names == ["a", "b", "c"])
    #expect(queue.waiting == 3)
  }

  @Test mutating func `granting takes the first and no other`() {
    let first = queue.enqueue(party("a"))
    _ = queue.enqueue(party("b"))
    #expect(queue.grantFirst().ticket == first)
    #expect(names == ["b"])
  }

  @Test mutating func `aborting takes one out of the middle and the ends`() {
    let tickets = ["a", "b", "c", "d"].map { queue.enqueue(party($0)) }
    #expect(queue.abort(tickets[1], .cancelled).found)
    #expect(names == ["a", "c", "d"])
    #expect(queue.abort(tickets[3], .cancelled).found)
    #expect(queue.abort(tickets[0], .cancelled).found)
    #expect(names == ["c"])
    _ = queue.enqueue(party("e"))
    #expect(names == ["c", "e"])
  }

  @Test mutating func `a decision before the continuation is found by attach`() async {
    let ticket = queue.enqueue(party("a"))
    #expect(queue.grantFirst(7).wake == nil)
    var queue = queue
    let outcome = await withUnsafeContinuation { continuation in
      let decided = queue.attach(
        Waiter(ticket: ticket, party: party("a"), continuation: continuation)
      )
      continuation.resume(returning: decided ?? .cancelled)
    }
    #expect(outcome == .granted(7))
  }

  @Test mutating func `a decision after the continuation comes as a wake`() async {
    let ticket = queue.enqueue(party("a"))
    var queue = queue
    let outcome = await withUnsafeContinuation { continuation in
      #expect(
        queue.attach(Waiter(ticket: ticket, party: party("a"), continuation: continuation)) == nil
      )
      let (found, wake) = queue.abort(ticket, .timedOut)
      #expect(found)
      wake?.fire()
    }
    #expect(outcome == .timedOut)
  }

  @Test mutating func `only the first decision counts`() {
    let ticket = queue.enqueue(party("a"))
    _ = queue.grantFirst()
    #expect(!queue.abort(ticket, .cancelled).found)
  }

  @Test mutating func `a late abort does not hit the next waiter in the same slot`() async {
    let old = queue.enqueue(party("a"))
    var queue = queue
    await withUnsafeContinuation { (continuation: UnsafeContinuation<WaitOutcome, Never>) in
      _ = queue.grantFirst()
      continuation.resume(
        returning: queue.attach(Waiter(ticket: old, party: party("a"), continuation: continuation))
          ?? .cancelled
      )
    }.expect(.granted(0))
    let new = queue.enqueue(party("b"))
    #expect(new.index == old.index)
    #expect(new != old)
    #expect(!queue.abort(old, .cancelled).found)
    #expect(queue.waiting == 1)
  }

  @Test mutating func `a kept slot is not used again before finish`() {
    let kept = queue.enqueue(party("a"))
    _ = queue.grantFirst(keep: true)
    let other = queue.enqueue(party("b"))
    #expect(other.index != kept.index)
    queue.finish(kept)
    #expect(queue.enqueue(party("c")).index == kept.index)
  }

  @Test mutating func `aborting all above a limit leaves the others in line`() {
    for (name, count) in [("a", 1), ("b", 5), ("c", 2), ("d", 9)] {
      _ = queue.enqueue(party(name, count))
    }
    var wakes = Wakes()
    queue.abortAll(.impossible, above: 2, into: &wakes)
    #expect(names == ["a", "c"])
  }

  @Test func `marks tell the tickets of two queues apart`() {
    var plain = WaitQueue()
    var marked = WaitQueue(marked: true)
    let (left, right) = (plain.enqueue(party("a")), marked.enqueue(party("b")))
    #expect(!left.isMarked && right.isMarked)
    #expect(left.index == right.index)
    #expect(left != right)
  }

  @Test func `behaves like an array of names under random operations`() {
    for seed in 0..<50 as Range<UInt64> {
      var random = SeededRandom(seed: seed).generator
      var queue = WaitQueue()
      var model: [(Ticket, String)] = []
      for step in 0..<300 {
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
          model.append((queue.enqueue(party("\(step)")), "\(step)"))
        case 1 where !model.isEmpty:
          #expect(queue.grantFirst(keep: true).ticket == model[0].0)
          queue.finish(model.removeFirst().0)
        case 2 where !model.isEmpty:
          let victim = Int.random(in: 0..<model.count, using: &random)
          #expect(queue.abort(model[victim].0, .cancelled, keep: true).found)
          queue.finish(model.remove(at: victim).0)
        default: break
        }
        #expect(queue.parties.map(\.task.name) == model.map(\.1))
      }
    }
  }
}

extension WaitOutcome {
  fileprivate func expect(_ other: WaitOutcome) {
    #expect(self == other)
  }
}
