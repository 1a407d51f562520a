// Find the order of events in which unmodified code fails, and repeat it.

import BakeryTesting

// snippet.hide
struct MoneyLost: Error {
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
