// Find the order of events in which unmodified code fails, and repeat it.

import Bakery
import BakeryTesting

// snippet.hide
struct MoneyLost: Error {
  let sum: Int
}

struct SeatLost: Error {}

struct NotLoaded: Error {}

struct ElementLost: Error {
  let sum: Int
}

struct AdditionLost: Error {
  let sum: Int
}
// snippet.show

// snippet.explore
actor Account {
  private(set) var balance = 100
  func setBalance(_ balance: Int) { self.balance = balance }
}

// The defect: between the read and the write another transfer may have changed the balance.
@Sendable func move(_ amount: Int, from: Account, to: Account) async {
  await from.setBalance(await from.balance - amount)
  await to.setBalance(await to.balance + amount)
}

let twoTransfers: @concurrent @Sendable () async throws -> Void = {
  let (mine, yours) = (Account(), Account())
  let first = Task { await move(10, from: mine, to: yours) }
  let second = Task { await move(20, from: yours, to: mine) }
  await first.value
  await second.value
  let sum = await mine.balance + yours.balance
  guard sum == 200 else { throw MoneyLost(sum: sum) }
}

var replay = ""
do {
  try await explore(schedules: 2000, twoTransfers)
} catch let failure as ExplorationFailure {
  print(failure)  // what each task did, and in which order
  replay = failure.replay
}
// snippet.end
// snippet.hide
precondition(!replay.isEmpty)
// snippet.show

// snippet.replay
// The same order again, for the debugger or after the repair.
do {
  try await explore(replaying: replay, twoTransfers)
} catch let failure as ExplorationFailure {
  print("again: \(failure.reason)")
}
// snippet.end

// snippet.time
// As many orders as a second allows, and how much they may have left out.
let found = try await explore(for: .seconds(1)) {
  let turns = AsyncSemaphore(limit: 1)
  async let first: Void = turns.withPermit { await Task.yield() }
  async let second: Void = turns.withPermit { await Task.yield() }
  _ = try await (first, second)
}
print(found)
// snippet.end

// snippet.deadlock
// The defect: two tasks take the same two locks in different orders.
do {
  try await explore {
    let accounts = AsyncMutex([1: 100], name: "accounts")
    let journal = AsyncMutex([String](), name: "journal")
    let transfer = Task(name: "transfer") {
      try await accounts.withLock { _ in
        await Task.yield()
        try await journal.withLock { $0.append("transfer") }
      }
    }
    let audit = Task(name: "audit") {
      try await journal.withLock { lines in
        await Task.yield()
        lines.append("\(try await accounts.withLock { $0.count }) accounts")
      }
    }
    _ = try await (transfer.value, audit.value)
  }
} catch let failure as ExplorationFailure {
  print(failure.waits)  // each waits for what the other holds
}
// snippet.end

// snippet.starve
actor Settings {
  private(set) var areLoaded = false
  func load() { areLoaded = true }
}

// The defect: nothing makes the server wait for the settings. In the order of a queue they are always first.
do {
  try await explore {
    let settings = Settings()
    let load = Task(name: "load") { await settings.load() }
    let serve = Task(name: "serve") {
      for _ in 0..<3 { await Task.yield() }
      guard await settings.areLoaded else { throw NotLoaded() }
    }
    await load.value
    try await serve.value
  }
} catch let failure as ExplorationFailure {
  print(failure.turn)  // whose turn it was, and with whom it would have passed
}
// snippet.end

// snippet.drop
// The defect: the stream keeps one element, and the producer does not wait for the consumer.
do {
  try await explore {
    let (stream, source) = AsyncStream.makeStream(
      of: Int.self,
      bufferingPolicy: .bufferingNewest(1)
    )
    let consumer = Task(name: "consumer") { await stream.reduce(0, +) }
    let producer = Task(name: "producer") {
      for number in 1...3 {
        source.yield(number)
        await Task.yield()
      }
      source.finish()
    }
    await producer.value
    let sum = await consumer.value
    guard sum == 6 else { throw ElementLost(sum: sum) }
  }
} catch let failure as ExplorationFailure {
  print(failure.reason)
}
// snippet.end

// snippet.cancel
// Is the seat free when a customer gives up? The body is cancelled before each of its steps in turn.
do {
  try await explore(cancelling: .everywhere) {
    let seats = AsyncSemaphore(limit: 1, name: "seats")
    do {
      let seat = try await seats.acquire()
      try await Task.sleep(for: .seconds(30))
      seat.release()
    } catch is CancellationError {}
    guard seats.snapshot()["available"] == 1 else { throw SeatLost() }
  }
  print("no seat is lost: a permit gives itself back")
} catch let failure as ExplorationFailure {
  print(failure)
}
// snippet.end

// snippet.threads
// The defect: between two locked sections of a thread another one has its own.
do {
  try await explore(mode: .threads) {
    let total = Monitor(0)
    let threads = try (0..<2).map { _ in
      try JoinableThread<Void, Never>.start(named: "adder") {
        let seen = total.withLock { $0 }
        total.withLock { $0 = seen + 1 }
      }
    }
    for thread in threads { try await thread.value }
    let sum = total.withLock { $0 }
    guard sum == 2 else { throw AdditionLost(sum: sum) }
  }
} catch let failure as ExplorationFailure {
  print(failure.reason)  // the body threw: AdditionLost(sum: 1)
}
// snippet.end
