import Bakery

/// What a sequential object answers; pure.
protocol SequentialObject: Hashable {
  associatedtype Call: Sendable

  /// Makes the call, and says whether it may end as it did.
  mutating func admits(_ call: Call) -> Bool
}

/// The calls of several tasks on one object, with when each began and ended.
///
/// Linearizable means: every call can be given a moment between its beginning and its end such that in the order of the
/// moments each ended as the sequential object says (Herlihy and Wing, *Linearizability*, 1990).
final class History<Object: SequentialObject>: Sendable {
  private struct Entry: Sendable {
    let begin: Int
    var end = Int.max
    var call: Object.Call?
  }

  private let entries = Guarded<(time: Int, calls: [Entry])>((0, []))

  /// Makes a call; one that throws has no effect on the object and is left out.
  func record(
    _ call: nonisolated(nonsending) () async throws -> Object.Call
  ) async throws {
    let number = begin()
    let made = try await call()
    end(number, made)
  }

  func record(now call: () throws -> Object.Call) throws {
    let number = begin()
    let made = try call()
    end(number, made)
  }

  func begin() -> Int {
    entries.withLockUnobserved { entries in
      entries.time += 1
      entries.calls.append(Entry(begin: entries.time))
      return entries.calls.count - 1
    }
  }

  func end(_ number: Int, _ call: Object.Call) {
    entries.withLockUnobserved { entries in
      entries.time += 1
      entries.calls[number].end = entries.time
      entries.calls[number].call = call
    }
  }

  /// Throws unless there is an order of the calls that the object admits.
  ///
  /// Algorithm: the search of Wing and Gong (*Testing and Verifying Concurrent Objects*, 1993), with the states it has seen.
  func check(_ object: Object) throws {
    let calls = entries.withLockUnobserved { $0.calls }.filter { $0.call != nil }
    precondition(calls.count < 64, "a history of \(calls.count) calls is too long to search")
    var seen: Set<Seen> = []
    guard search(object, calls, done: 0, &seen) else {
      let list = calls.map { "\($0.begin)–\($0.end) \($0.call.map { "\($0)" } ?? "")" }
      throw BrokenPromise("no order explains: " + list.joined(separator: ", "))
    }
  }

  private struct Seen: Hashable {
    let object: Object
    let done: UInt64
  }

  private func search(
    _ object: Object,
    _ calls: [Entry],
    done: UInt64,
    _ seen: inout Set<Seen>
  ) -> Bool {
    let open = calls.indices.filter { done & (1 << UInt64($0)) == 0 }
    guard let firstEnd = open.map({ calls[$0].end }).min() else { return true }
    guard seen.insert(Seen(object: object, done: done)).inserted else { return false }
    for index in open where calls[index].begin < firstEnd {
      guard let call = calls[index].call else { continue }
      var next = object
      if next.admits(call), search(next, calls, done: done | 1 << UInt64(index), &seen) {
        return true
      }
    }
    return false
  }
}
