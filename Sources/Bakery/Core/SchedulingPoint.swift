internal import Synchronization

/// A place before a lock or an atomic operation where a tester may let another task go first.
///
/// Only observed locks and words come here, so a program that is not under test pays nothing.
package enum SchedulingPoint {
  private static let hook = Guarded<(@Sendable () -> Void)?>(nil)
  private static let installed = Atomic<Bool>(false)

  /// Whether objects made now should be observed from the start.
  @usableFromInline
  static var isInstalled: Bool { installed.load(ordering: .relaxed) }

  /// Calls `hook` before every visible operation of the objects made from now on; `nil` ends it.
  package static func install(_ hook: (@Sendable () -> Void)?) {
    Self.hook.withLock { $0 = hook }
    installed.store(hook != nil, ordering: .relaxed)
  }

  static func reach() {
    guard isInstalled else { return }
    hook.withLock { $0 }?()
  }
}
