internal import Synchronization

/// A value of which every thread has its own, made on first use and destroyed at the thread's end.
///
/// For what is dear to make and must not be shared: a scratch buffer, a parser, a connection to a library that wants one
/// context a thread. Tasks wander between threads at every `await`, so the value is only reachable in a closure that
/// does not suspend; for a value that follows a task use `@TaskLocal`.
///
/// > Memory: the values of a `JoinableThread` or of a thread of a `BlockingPool` are destroyed before its end is seen.
/// Those of a `ThreadLocal` that is gone live until their thread ends or the place is used again.
///
/// - Complexity: O(1), a few nanoseconds, no lock after the first use on a thread.
///
/// @Snippet(path: "bakery/Snippets/UseThreads", slice: "local")
public final class ThreadLocal<Value>: Traceable {
  /// What it is called and where it was made.
  public let identity: ObjectIdentity

  private let index: Int
  private let living = LivingCount()
  private let make: @Sendable () -> sending Value

  /// Describes the value of each thread.
  ///
  /// - Parameters:
  ///   - name: What dumps call it.
  ///   - file: Where it is made.
  ///   - line: Where it is made.
  ///   - make: Makes the value of a thread, on that thread, when it is first used there.
  public init(
    name: String? = nil,
    file: StaticString = #fileID,
    line: UInt32 = #line,
    _ make: @escaping @Sendable () -> sending Value
  ) {
    identity = ObjectIdentity(kind: "ThreadLocal", name: name, file: file, line: line)
    index = ThreadValues.indexes.withLockUnobserved { $0.take() }
    self.make = make
    if name != nil { Trace.register(self) }
  }

  deinit {
    let index = index
    ThreadValues.indexes.withLockUnobserved { $0.put(index) }
  }

  /// Runs `body` on the calling thread's value.
  ///
  /// - Important: traps when called inside a body of the same `ThreadLocal`, which has the value already.
  /// - Parameter body: What to do with the value.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  public func withValue<Success: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Success
  ) throws(Failure) -> sending Success {
    let box = box
    require(
      !box.isInUse,
      "\(identity): withValue inside withValue on one thread; hand the value down instead"
    )
    box.isInUse = true
    defer { box.isInUse = false }
    return try body(&box.storage.pointee)
  }

  /// The value now: `threads`, how many have one.
  public func snapshot() -> Snapshot {
    Snapshot(of: identity, figures: ["threads": living.count.load(ordering: .relaxed)])
  }

  private var box: ThreadLocalBox<Value> {
    let values = ThreadValues.current
    if let known = values.box(index, of: identity.number) {
      return unsafeDowncast(known, to: ThreadLocalBox<Value>.self)
    }
    let box = ThreadLocalBox(make(), living)
    values.setBox(box, index, of: identity.number)
    return box
  }
}

/// One thread's value; only that thread touches it.
private final class ThreadLocalBox<Value> {
  let storage: UnsafeMutablePointer<Value>
  var isInUse = false
  private let living: LivingCount

  init(_ value: consuming sending Value, _ living: LivingCount) {
    storage = .allocate(capacity: 1)
    storage.initialize(to: value)
    self.living = living
    living.count.wrappingAdd(1, ordering: .relaxed)
  }

  deinit {
    storage.deinitialize(count: 1)
    storage.deallocate()
    living.count.wrappingSubtract(1, ordering: .relaxed)
  }
}

private final class LivingCount: Sendable {
  let count = Atomic<Int>(0)
}
