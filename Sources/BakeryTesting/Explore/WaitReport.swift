internal import Bakery
internal import CBakeryRuntime

/// Reads from the runtime and from Bakery's objects who waits for whom.
///
/// Valid on the run's thread, between the end of a recorded schedule that is stuck and the next one.
struct WaitReport {
  private let tasks: [UnsafeMutableRawPointer]
  private let names: [UInt64: String]
  private let objects: [Snapshot]

  /// - Parameters:
  ///   - unfinished: Tasks that have not ended; those for which they wait are found from them.
  ///   - names: What tasks are called, by the runtime's number.
  ///   - group: Whose objects of scheduled threads may be looked at.
  init(
    unfinished: [UnsafeMutableRawPointer],
    names: [UInt64: String],
    group: ObjectIdentifier? = nil
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
    objects = Trace.snapshots(withGroup: group)
  }

  var graph: WaitGraph {
    graph(
      places: CodePlace.places(
        of: Set(tasks.map { UInt(bakery_task_place($0)) }.filter { $0 != 0 })
      )
    )
  }

  /// Tasks of which each waits for the next and for nobody else, in the order of their addresses.
  var cycle: [UnsafeMutableRawPointer] {
    let graph = graph(places: [:])
    let only = WaitGraph(
      nodes: graph.nodes.map { node in
        WaitGraph.Node(
          name: node.name,
          place: node.place,
          waitsFor: node.waitsFor,
          others: node.others.count == 1 ? node.others : []
        )
      }
    )
    return only.cycle.map { tasks[$0] }.sorted { UInt(bitPattern: $0) < UInt(bitPattern: $1) }
  }

  private func graph(places: [UInt: CodePlace]) -> WaitGraph {
    WaitGraph(
      nodes: tasks.map { task in
        let wait = wait(of: task)
        return WaitGraph.Node(
          name: name(of: task),
          place: places[UInt(bakery_task_place(task))]?.text ?? "",
          waitsFor: wait.text,
          others: wait.others.compactMap { tasks.firstIndex(of: $0) }
        )
      }
    )
  }

  private func name(of task: UnsafeMutableRawPointer) -> String {
    let number = bakery_job_task(task)
    return names[number] ?? "task of number \(number)"
  }

  private func wait(
    of task: UnsafeMutableRawPointer
  ) -> (text: String, others: [UnsafeMutableRawPointer]) {
    let wait = bakery_task_wait(task)
    switch wait.kind {
    case 1:
      guard let target = wait.target else { return ("a task", []) }
      return (name(of: target), [target])
    case 2: return waitForObject(task) ?? ("a continuation that nobody resumed", [])
    case 3:
      let children = tasks.filter { bakery_task_parent($0) == task }
      let list = children.map(name).joined(separator: ", ")
      return ("its child tasks" + (list.isEmpty ? "" : ": \(list)"), children)
    case 4: return ("its turn on an actor or executor", [])
    default: return ("something that the runtime does not tell", [])
    }
  }

  /// The object of Bakery in whose line the task stands, with those who hold it.
  private func waitForObject(
    _ task: UnsafeMutableRawPointer
  ) -> (text: String, others: [UnsafeMutableRawPointer])? {
    let number = UInt64(UInt(bitPattern: task))
    for object in objects {
      guard let waiter = object.waiters.first(where: { $0.task.number == number }) else { continue }
      let holders = object.holders.map { holder in
        tasks.first { UInt64(UInt(bitPattern: $0)) == holder.task.number }.map(name)
          ?? "\(holder.task)"
      }
      let held = holders.isEmpty ? "" : ", held by " + holders.joined(separator: ", ")
      let others = tasks.filter { task in
        object.holders.contains { $0.task.number == UInt64(UInt(bitPattern: task)) }
      }
      return ("\(object.identity) (\(waiter.operation))\(held)", others)
    }
    return nil
  }
}
