import Testing

@testable import Bakery

struct ThreadPoolTests {
  @Test func `a task that prefers the pool runs on its threads, and so do its child tasks`() async {
    let pool = ThreadPool(threads: 2, name: "oven")
    let names = await Task(executorPreference: pool) {
      async let child = currentThreadName
      return [currentThreadName, await child]
    }.value
    #expect(names.allSatisfy { $0.hasPrefix("oven-") }, "\(names)")
    await pool.shutdown()
  }

  @Test(arguments: [1, 2, 3, 8])
  func `all of many tasks run, with yields and nested children`(threads: Int) async {
    let pool = ThreadPool(threads: threads)
    let counter = Gauge()
    await withTaskGroup { group in
      for _ in 0..<200 {
        group.addTask(executorPreference: pool) {
          await withTaskGroup { inner in
            for _ in 0..<20 {
              inner.addTask {
                await Task.yield()
                counter.enter()
              }
            }
          }
        }
      }
    }
    #expect(counter.now == 4000)
    await pool.shutdown()
    #expect(pool.snapshot()["waiting"] == 0)
  }

  @Test func `jobs from outside wake sleeping workers, again and again`() async {
    let pool = ThreadPool(threads: 2)
    let counter = Gauge()
    for _ in 0..<2000 {
      await Task(executorPreference: pool) { counter.enter() }.value
    }
    #expect(counter.now == 2000)
    await pool.shutdown()
  }

  @Test func `a child task runs while its parent keeps its thread busy`() async {
    let pool = ThreadPool(threads: 2)
    let sum = await Task(executorPreference: pool) {
      let counter = Gauge()
      async let child: Void = counter.enter()
      // The parent neither suspends nor ends until another thread has run the child.
      while counter.now == 0 {}
      await child
      return counter.now
    }.value
    #expect(sum == 1)
    await pool.shutdown()
  }

  @Test func `a task that only yields does not keep the other from running on one thread`() async {
    let pool = ThreadPool(threads: 1)
    let counter = Gauge()
    await withTaskGroup { group in
      group.addTask(executorPreference: pool) {
        while counter.now == 0 { await Task.yield() }
      }
      group.addTask(executorPreference: pool) { counter.enter() }
    }
    await pool.shutdown()
  }

  @Test func `a wait that yields first lets the task run that was woken before`() async {
    let pool = ThreadPool(threads: 1)
    let (event, woken) = (AsyncEvent(), Gauge())
    await withTaskGroup { group in
      group.addTask(executorPreference: pool) {
        try? await event.wait()
        woken.enter()
      }
      group.addTask(executorPreference: pool) {
        while event.snapshot()["waiting"] == 0 { await Task.yield() }
        event.set()
        await yieldInTurn()
        #expect(woken.now == 1)
      }
    }
    await pool.shutdown()
  }

  @Test
  func `a job from outside waits for as many of a worker's own as are in line and not for more`()
    async
  {
    let pool = ThreadPool(threads: 1)
    let counter = Gauge()
    let yields = await Task(executorPreference: pool) {
      let gate = Gate()
      startThread(named: "outside") {
        Task(executorPreference: pool) { counter.enter() }
        gate.open()
      }
      // Keeps the only worker until the other job is in line.
      gate.wait()
      var yields = 0
      while counter.now == 0 {
        await Task.yield()
        yields += 1
      }
      return yields
    }.value
    #expect(yields <= 4)
    await pool.shutdown()
  }

  @Test func `two tasks that wake each other do not starve a third`() async throws {
    let pool = ThreadPool(threads: 1)
    let counter = Gauge()
    let channel = Channel<Int>(capacity: 0)
    let (sender, receiver) = (channel.sender, channel.receiver)
    await withTaskGroup { group in
      group.addTask(executorPreference: pool) {
        while counter.now == 0 { try? await sender.send(1) }
        sender.close()
      }
      group.addTask(executorPreference: pool) {
        while let _ = try? await receiver.receive() {}
      }
      group.addTask(executorPreference: pool) { counter.enter() }
    }
    #expect(counter.now == 1)
    await pool.shutdown()
  }

  @Test func `a task keeps its pool alive, and the pool ends after it`() async {
    weak var seen: ThreadPool?
    let event = Channel<Void>(capacity: 0)
    let task: Task<Int, Never>
    do {
      let pool = ThreadPool(threads: 1)
      seen = pool
      let receiver = event.receiver
      task = Task(executorPreference: pool) {
        _ = try? await receiver.receive()
        return 7
      }
    }
    #expect(seen != nil)
    try? await event.sender.send(())
    #expect(await task.value == 7)
  }

  @Test func `shutdown runs what is in line`() async {
    let pool = ThreadPool(threads: 4)
    let counter = Gauge()
    let tasks = (0..<100).map { _ in Task(executorPreference: pool) { counter.enter() } }
    await pool.shutdown()
    for task in tasks { await task.value }
    #expect(counter.now == 100)
  }

  @Test func `no thread is left after shutdown, nor after the last reference is gone`() async {
    for _ in 0..<50 { await ThreadPool(threads: 4, name: "left").shutdown() }
    for _ in 0..<50 {
      await Task(executorPreference: ThreadPool(threads: 4, name: "left")) {}.value
    }
    // The last of them may be on their way out.
    var left = threadCount(named: "left-")
    for _ in 0..<1_000_000 where left > 0 {
      await Task.yield()
      left = threadCount(named: "left-")
    }
    #expect(left == 0)
  }

  @Test func `the dump shows threads and what waits`() async {
    let pool = ThreadPool(threads: 3, name: "shown")
    #expect(Trace.dump().contains("ThreadPool \"shown\""))
    #expect(pool.snapshot()["threads"] == 3)
    await pool.shutdown()
  }
}
