// Find the order of events in which unmodified code fails, and repeat it.

import Bakery
import BakeryTesting

// snippet.hide
struct MoneyLost: Error {
  let sum: Int
}

struct SeatLost: Error {}
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
