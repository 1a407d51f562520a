internal import CBakeryCore

/// What one thread keeps for all `ThreadLocal`s.
///
/// Invariant: used by its own thread only. A `ThreadLocal` has an index that no other living one has; the number beside
/// a box tells whose it is, because an index is used again after its `ThreadLocal` is gone.
final class ThreadValues {
  private struct Entry {
    var owner: UInt64 = 0
    var box: AnyObject?
  }

  /// Indexes in use: dense, so that every thread's table is as long as the most `ThreadLocal`s that ever lived at once.
  struct Indexes {
    private var next = 0
    private var free: [Int] = []

    mutating func take() -> Int {
      if let index = free.popLast() { return index }
      defer { next += 1 }
      return next
    }

    mutating func put(_ index: Int) {
      free.append(index)
    }
  }

  static let indexes = Guarded(Indexes())

  private var entries: ContiguousArray<Entry> = []

  /// The calling thread's table.
  // Safe because the thread keeps one retained reference, which `end` takes back.
  static var current: ThreadValues {
    if let word = bakery_thread_values() {
      return Unmanaged<ThreadValues>.fromOpaque(word).takeUnretainedValue()
    }
    let values = ThreadValues()
    bakery_thread_values_set(Unmanaged.passRetained(values).toOpaque()) { word in
      if let word { Unmanaged<ThreadValues>.fromOpaque(word).release() }
    }
    return values
  }

  /// Destroys the calling thread's values now, and what their destruction makes, within reason.
  ///
  /// The system would do the same a little later, after somebody may have seen the thread's end.
  // Safe because the word is taken away before its one reference is released.
  static func end() {
    for _ in 0..<4 {
      guard let word = bakery_thread_values() else { return }
      bakery_thread_values_set(nil, nil)
      Unmanaged<ThreadValues>.fromOpaque(word).release()
    }
  }

  func box(_ index: Int, of owner: UInt64) -> AnyObject? {
    guard index < entries.count, entries[index].owner == owner else { return nil }
    return entries[index].box
  }

  func setBox(_ box: AnyObject, _ index: Int, of owner: UInt64) {
    while entries.count <= index { entries.append(Entry()) }
    // The value of an earlier `ThreadLocal` is destroyed after the table is whole again: its deinit may come back here.
    let old = entries[index].box
    entries[index] = Entry(owner: owner, box: box)
    withExtendedLifetime(old) {}
  }
}
