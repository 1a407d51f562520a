internal import CBakeryCore

/// Time as blocked threads know it: no virtual clock can wake a thread that sleeps in the kernel.
enum RealTime {
  static var now: Deadline { Deadline(nanoseconds: bakery_clock(0)) }

  /// How long to sleep in the kernel: -1 means without limit, `nil` that the deadline has passed.
  static func nanoseconds(until deadline: Deadline) -> Int64? {
    guard deadline != .never else { return -1 }
    let now = bakery_clock(0)
    return deadline.nanoseconds > now ? deadline.nanoseconds - now : nil
  }
}

extension Party {
  /// The calling thread, which is about to block.
  static func thread(_ operation: StaticString) -> Party {
    let task = TaskIdentity(number: 0, name: "thread \(currentThreadName)")
    return Party(task: task, operation: operation, count: 1, since: RealTime.now)
  }
}

/// The calling thread's name as the system shows it.
var currentThreadName: String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { name in
    name.initialize(repeating: 0)
    guard let start = name.baseAddress else { return "" }
    bakery_thread_name(start)
    return String(cString: start)
  }
}

/// Stops the program when a task blocks the thread that it runs on.
///
/// The threads of tasks are as few as the processors. A task that blocks one may wait for another task that then has no
/// thread to run on, so the program hangs some day; that is why this is checked and not only written down.
func requireNoTask(_ call: @autoclosure () -> String, instead: @autoclosure () -> String) {
  let isTask = withUnsafeCurrentTask { $0 != nil }
  require(!isTask, "\(call()) blocks a thread and was called in a task; \(instead())")
}
