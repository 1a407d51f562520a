import Testing

@testable import Bakery

@Suite struct SemaphoreStateTests {
  var state = SemaphoreState(limit: 3)

  private mutating func acquire(_ count: Int, _ name: String = "a") -> SemaphoreState.Admission {
    state.acquire(party(name, count), recordsHolder: false)
  }

  private mutating func release(_ count: Int) {
    _ = state.release(count, token: 0, recordingAt: nil)
  }

  private var waiting: [String?] { state.queue.parties.map(\.task.name) }

  @Test mutating func `permits are granted until none is free`() {
    #expect(acquire(2) == .granted(token: 0))
    #expect(acquire(1) == .granted(token: 0))
    guard case .wait = acquire(1, "late") else { Issue.record("granted over the limit"); return }
    #expect(waiting == ["late"])
    #expect(state.available == 0)
  }

  @Test mutating func `a newcomer does not overtake a queued waiter`() {
    _ = acquire(2)
    _ = acquire(3, "large")
    guard case .wait = acquire(1, "small") else { Issue.record("overtaken"); return }
    #expect(state.tryAcquire(party("try"), recordsHolder: false) == nil)
    release(2)
    #expect(waiting == ["small"])
    #expect(state.available == 0)
  }

  @Test mutating func `one release grants all that fit, in order`() {
    _ = acquire(3)
    for name in ["a", "b", "c", "d"] { _ = acquire(1, name) }
    release(3)
    #expect(waiting == ["d"])
  }

  @Test mutating func `cancelling the head lets those behind it pass`() {
    _ = acquire(2)
    guard case .wait(let large) = acquire(3, "large") else { return }
    _ = acquire(1, "small")
    _ = state.abort(large, .cancelled, recordingAt: nil)
    #expect(waiting == [])
    #expect(state.available == 0)
  }

  @Test mutating func `a request above the limit is impossible at once and after a resize`() {
    #expect(acquire(4) == .impossible)
    _ = acquire(3)
    _ = acquire(3, "large")
    _ = acquire(2, "middle")
    _ = state.resize(to: 2, recordingAt: nil)
    #expect(waiting == ["middle"])
    #expect(state.available == -1)
    release(3)
    #expect(waiting == [])
  }

  @Test mutating func `raising the limit grants waiters`() {
    _ = acquire(3)
    _ = acquire(2, "a")
    _ = state.resize(to: 5, recordingAt: nil)
    #expect(waiting == [])
    #expect(state.available == 0)
  }

  @Test mutating func `closing refuses waiters and newcomers`() {
    _ = acquire(3)
    _ = acquire(1, "a")
    _ = state.close()
    #expect(waiting == [])
    #expect(acquire(1) == .closed)
    release(3)
    #expect(acquire(1) == .closed)
  }

  @Test mutating func `holders are recorded by token, also those who waited`() {
    let admission = state.acquire(party("first", 3), recordsHolder: true)
    _ = state.acquire(party("second"), recordsHolder: true)
    #expect(state.recordedHolders.map(\.task.name) == ["first"])
    guard case .granted(let token) = admission else { Issue.record("not granted"); return }
    _ = state.release(3, token: token, recordingAt: Deadline(nanoseconds: 9))
    #expect(state.recordedHolders.map(\.task.name) == ["second"])
    #expect(state.recordedHolders.map(\.since.nanoseconds) == [9])
  }

  @Test func `keeps its invariants under random operations`() {
    for seed in 0..<100 as Range<UInt64> {
      var random = SeededRandom(seed: seed).generator
      let longestLine = seed % 2 == 0 ? Int.max : 3
      var state = SemaphoreState(limit: 5, longestLine: longestLine)
      var held: [Int] = []
      var tickets: [(Ticket, Int)] = []
      for _ in 0..<300 {
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1:
          let count = Int.random(in: 1...5, using: &random)
          switch state.acquire(party("x", count), recordsHolder: false) {
          case .granted: held.append(count)
          case .wait(let ticket): tickets.append((ticket, count))
          case .impossible: #expect(count > state.limit)
          case .closed, .lost: Issue.record("never closed")
          case .saturated: #expect(state.waiting == longestLine)
          }
        case 2 where !held.isEmpty:
          _ = state.release(held.removeFirst(), token: 0, recordingAt: nil)
        case 3 where !tickets.isEmpty:
          let victim = Int.random(in: 0..<tickets.count, using: &random)
          _ = state.abort(tickets.remove(at: victim).0, .cancelled, recordingAt: nil)
        case 4:
          _ = state.resize(to: .random(in: 1...8, using: &random), recordingAt: nil)
        default: break
        }
        // Whoever is no longer in line was granted, or refused by a smaller limit.
        let inLine = state.queue.waiting
        while tickets.count > inLine {
          let index = tickets.firstIndex { $0.1 > state.limit } ?? 0
          let (_, count) = tickets.remove(at: index)
          if count <= state.limit { held.append(count) }
        }
        #expect(state.waiting <= longestLine)
        #expect(state.available == state.limit - held.reduce(0, +))
        if let head = state.queue.firstCount { #expect(head > state.available) }
      }
    }
  }
}
