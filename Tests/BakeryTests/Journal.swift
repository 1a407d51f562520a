@testable import Bakery

/// What happened, in order.
final class Journal<Entry: Sendable>: Sendable {
  private let state = Guarded<[Entry]>([])

  var entries: [Entry] { state.withLockUnobserved { $0 } }

  func add(_ entry: Entry) {
    state.withLockUnobserved { $0.append(entry) }
  }
}
