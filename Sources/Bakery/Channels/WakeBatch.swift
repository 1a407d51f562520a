/// The wakes of a whole line, in an array that its owner uses again: waking a thousand tasks allocates nothing.
///
/// `Wakes` is for decisions that end one wait or two.
@usableFromInline
struct WakeBatch: Sendable {
  private var wakes: ContiguousArray<Wake> = []

  @usableFromInline
  init() {}

  /// Whether there is an array, full or empty.
  var hasRoom: Bool { wakes.capacity > 0 }

  /// Grants every wait in line.
  mutating func grantAll(_ queue: inout WaitQueue) {
    while !queue.isEmpty {
      if let wake = queue.grantFirst().wake { wakes.append(wake) }
    }
  }

  /// Resumes all, in the order of the line, and is empty again.
  mutating func fire() {
    for wake in wakes { wake.fire() }
    wakes.removeAll(keepingCapacity: true)
  }

  /// Puts the larger of two empty arrays here, and the other one there.
  mutating func keepLarger(_ other: inout WakeBatch) {
    if other.wakes.capacity > wakes.capacity { swap(&self, &other) }
  }
}
