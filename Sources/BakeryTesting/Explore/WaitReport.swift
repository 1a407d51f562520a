internal import Bakery
internal import CBakeryRuntime

/// A thread of the schedule that sleeps, of a task or of its own.
struct BlockedThread {
  /// The number of its task, or of the thread.
  let owner: UInt64
  /// Where it is, then its callers.
  let stack: [String]
  /// Who has the lock for which it waits, if it is one.
  let holder: UInt64?
}

/// Reads from the runtime and from Bakery's objects who waits for whom.
///
/// Valid on the run's thread, between the end of a recorded schedule that is stuck and the next one.
struct WaitReport {
  /// Who may wait: a task, or a thread without one.
  private enum Waiter {
    case task(UnsafeMutableRawPointer)
    case thread(BlockedThread)
  }

  private let tasks: [UnsafeMutableRawPointer]
  private let names: [UInt64: String]
  private let objects: [Snapshot]
  private let holdings: Holdings
  /// By the number of the task or thread.
  private let blocked: [UInt64: BlockedThread]
  private let waiters: [Waiter]

  /// - Parameters:
  ///   - unfinished: Tasks that have not ended; those for which they wait are found from them.
  ///   - names: What tasks are called, by the runtime's number.
  ///   - group: Whose objects of scheduled threads may be looked at.
  ///   - holdings: Who holds what objects do not tell of.
  ///   - blocked: Threads that sleep.
  init(
    unfinished: [UnsafeMutableRawPointer],
    names: [UInt64: String],
    group: ObjectIdentifier? = nil,
    holdings: Holdings = Holdings(),
    blocked: [BlockedThread] = []
  ) {
    var tasks = unfinished
    var seen = Set(tasks)
    var index = 0
    // A task that is waited for is alive, also one of `async let` that nobody keeps.
    while index < tasks.count {
      let wait = bakery_task_wait(tasks[index])
      if wait.kind == 1, let target = wait.target, seen.insert(target).inserted {
        tasks.append(target)
      }
      index += 1
    }
    self.tasks = tasks
    self.names = names
    self.holdings = holdings
    let numbers = Set(tasks.map(bakery_job_task))
    self.blocked = Dictionary(blocked.map { ($0.owner, $0) }) { first, _ in first }
    waiters =
      tasks.map { .task($0) }
      + blocked.filter { !numbers.contains($0.owner) }.map { .thread($0) }
    objects = Trace.snapshots(withGroup: group)
  }

  var graph: WaitGraph {
    let stacks = tasks.map(stack)
    let places = CodePlace.places(of: Set(stacks.joined()))
    return graph(stacks: stacks.map { Self.texts(of: $0, places) })
  }

  /// Tasks of which each waits for the next and for nobody else, in the order of their addresses.
  var cycle: [UnsafeMutableRawPointer] {
    let graph = graph(stacks: tasks.map { _ in [] })
    let only = WaitGraph(
      nodes: graph.nodes.map { node in
        WaitGraph.Node(
          name: node.name,
          waitsFor: node.waitsFor,
          others: node.others.count == 1 ? node.others : []
        )
      }
    )
    return only.cycle.filter(tasks.indices.contains).map { tasks[$0] }
      .sorted { UInt(bitPattern: $0) < UInt(bitPattern: $1) }
  }

  private func graph(stacks: [[String]]) -> WaitGraph {
    WaitGraph(
      nodes: waiters.enumerated().map { index, waiter in
        switch waiter {
        case .task(let task):
          let thread = blocked[bakery_job_task(task)]
          let wait = thread.map(wait) ?? wait(of: task)
          return WaitGraph.Node(
            name: name(of: bakery_job_task(task)),
            stack: thread?.stack ?? stacks[index],
            waitsFor: wait.text,
            others: wait.others
          )
        case .thread(let thread):
          let wait = wait(of: thread)
          return WaitGraph.Node(
            name: name(of: thread.owner),
            stack: thread.stack,
            waitsFor: wait.text,
            others: wait.others
          )
        }
      }
    )
  }

  private func name(of number: UInt64) -> String { names[number] ?? "task of number \(number)" }

  /// The calls of a task that wait for each other, from the innermost outwards.
  private func stack(of task: UnsafeMutableRawPointer) -> [UInt] {
    let room = 64
    return [UInt](unsafeUninitializedCapacity: room) { buffer, count in
      count = Int(bakery_task_stack(task, buffer.baseAddress, Int32(room)))
    }
  }

  /// What is neither the toolkit's nor the compiler's, or the innermost if all is.
  static func texts(of stack: [UInt], _ places: [UInt: CodePlace]) -> [String] {
    let known = stack.compactMap { places[$0] }.filter { !$0.text.isEmpty }
    let own = known.filter { !$0.isOfOthers }
    var shown: [CodePlace] = []
    for place in own.isEmpty ? Array(known.prefix(1)) : own {
      // A second part of the same call, by which closures are entered.
      if place.location == nil, place.function == shown.last?.function { continue }
      shown.append(place)
    }
    return shown.map(\.text)
  }

  private typealias Wait = (text: String, others: [Int])

  private func wait(of task: UnsafeMutableRawPointer) -> Wait {
    let wait = bakery_task_wait(task)
    switch wait.kind {
    case 1:
      guard let target = wait.target else { return ("a task", []) }
      return (name(of: bakery_job_task(target)), indices(ofTasks: [target]))
    case 2: return waitForObject(task) ?? ("a continuation that nobody resumed", [])
    case 3:
      let children = tasks.filter { bakery_task_parent($0) == task }
      let list = children.map { name(of: bakery_job_task($0)) }.joined(separator: ", ")
      return (
        "its child tasks" + (list.isEmpty ? "" : ": \(list)"), indices(ofTasks: Set(children))
      )
    case 4: return ("its turn on an actor or executor", [])
    default: return ("something that the runtime does not tell", [])
    }
  }

  private func wait(of thread: BlockedThread) -> Wait {
    guard let holder = thread.holder else { return ("a wake-up, on its thread", []) }
    let others = waiters.indices.filter { number(ofWaiter: $0) == holder }
    return ("a lock, on its thread, held by \(name(of: holder))", others)
  }

  private func number(ofWaiter index: Int) -> UInt64 {
    switch waiters[index] {
    case .task(let task): bakery_job_task(task)
    case .thread(let thread): thread.owner
    }
  }

  private func indices(ofTasks wanted: Set<UnsafeMutableRawPointer>) -> [Int] {
    tasks.indices.filter { wanted.contains(tasks[$0]) }
  }

  /// The object of Bakery in whose line the task stands, with those who hold it.
  private func waitForObject(_ task: UnsafeMutableRawPointer) -> Wait? {
    let number = UInt64(UInt(bitPattern: task))
    for object in objects {
      guard let waiter = object.waiters.first(where: { $0.task.number == number }) else { continue }
      let holders = holders(of: object)
      let held =
        holders.isEmpty ? "" : ", held by " + holders.map(\.text).joined(separator: ", ")
      return (
        "\(object.identity) (\(waiter.operation))\(held)", holders.compactMap(\.index)
      )
    }
    return nil
  }

  private func holders(of object: Snapshot) -> [(text: String, index: Int?)] {
    let known = object.holders.map { holder in
      let index = tasks.firstIndex { UInt64(UInt(bitPattern: $0)) == holder.task.number }
      return (index.map { name(of: bakery_job_task(tasks[$0])) } ?? "\(holder.task)", index)
    }
    guard known.isEmpty else { return known }
    return holdings.holders(of: object.identity).map { holder in
      let index =
        holder.task == 0
        ? waiters.indices.first { number(ofWaiter: $0) == holder.owner }
        : tasks.firstIndex { UInt64(UInt(bitPattern: $0)) == holder.task }
      return (name(of: index.map(number(ofWaiter:)) ?? holder.owner), index)
    }
  }
}
