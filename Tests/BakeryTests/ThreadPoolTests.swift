import Bakery
import Glibc
import Synchronization
import Testing

private final class Counter: Sendable {
  let value = Atomic<Int>(0)
  func add(_ number: Int = 1) { value.wrappingAdd(number, ordering: .relaxed) }
  var now: Int { value.load(ordering: .relaxed) }
}

struct ThreadPoolTests {
  @Test func `a task that prefers the pool runs on its threads, and so do its child tasks`() async {
    let pool = ThreadPool(threads: 2, name: "oven")
    let names = await Task(executorPreference: pool) {
      async let child = commandName("/proc/thread-self/comm")
      return [commandName("/proc/thread-self/comm"), await child]
    }.value
    #expect(names.allSatisfy { $0.hasPrefix("oven-") }, "\(names)")
    await pool.shutdown()
  }

  @Test(arguments: [1, 2, 3, 8])
  func `all of many tasks run, with yields and nested children`(threads: Int) async {
    let pool = ThreadPool(threads: threads)
    let counter = Counter()
    await withTaskGroup { group in
      for _ in 0..<200 {
        group.addTask(executorPreference: pool) {
          await withTaskGroup { inner in
            for _ in 0..<20 {
              inner.addTask {
                await Task.yield()
                counter.add()
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
    let counter = Counter()
    for _ in 0..<2000 {
      await Task(executorPreference: pool) { counter.add() }.value
    }
    #expect(counter.now == 2000)
    await pool.shutdown()
  }

  @Test func `a child task runs while its parent keeps its thread busy`() async {
    let pool = ThreadPool(threads: 2)
    let sum = await Task(executorPreference: pool) {
      let counter = Counter()
      async let child: Void = counter.add()
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
    let counter = Counter()
    await withTaskGroup { group in
      group.addTask(executorPreference: pool) {
        while counter.now == 0 { await Task.yield() }
      }
      group.addTask(executorPreference: pool) { counter.add() }
    }
    await pool.shutdown()
  }

  @Test func `two tasks that wake each other do not starve a third`() async throws {
    let pool = ThreadPool(threads: 1)
    let counter = Counter()
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
      group.addTask(executorPreference: pool) { counter.add() }
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
    let counter = Counter()
    let tasks = (0..<100).map { _ in Task(executorPreference: pool) { counter.add() } }
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
    var left = threads(named: "left-")
    for _ in 0..<1_000_000 where left > 0 {
      await Task.yield()
      left = threads(named: "left-")
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

/// How many threads of the process have a name that begins so.
private func threads(named prefix: String) -> Int {
  guard let folder = opendir("/proc/self/task") else { return -1 }
  defer { closedir(folder) }
  var count = 0
  while let entry = readdir(folder) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if commandName("/proc/self/task/\(name)/comm").hasPrefix(prefix) { count += 1 }
  }
  return count
}

private func commandName(_ path: String) -> String {
  guard let file = fopen(path, "r") else { return "" }
  defer { fclose(file) }
  var bytes = [CChar](repeating: 0, count: 64)
  guard fgets(&bytes, 64, file) != nil else { return "" }
  return String(
    decoding: bytes.prefix { $0 != 10 && $0 != 0 }.map { UInt8(bitPattern: $0) },
    as: UTF8.self
  )
}
