// See who holds what and who waits for it, in a running program.

import Bakery
import Synchronization

// snippet.traceable
// An object of your own in the dump: who migrates which table.
final class MigrationLease: Traceable {
  let identity: ObjectIdentity
  private let holder = Mutex<Party?>(nil)

  init(table: String, file: StaticString = #fileID, line: UInt32 = #line) {
    identity = ObjectIdentity(kind: "MigrationLease", name: table, file: file, line: line)
    Trace.register(self)
  }

  func tryTake() -> Bool {
    let caller = Party.current("tryTake")
    return holder.withLock { holder in
      guard holder == nil else { return false }
      holder = caller
      return true
    }
  }

  func giveBack() { holder.withLock { $0 = nil } }

  func snapshot() -> Snapshot {
    let holder = holder.withLock { $0 }
    let holders = holder.map { [$0] } ?? []
    return Snapshot(of: identity, figures: ["holders": holders.count], holders: holders)
  }
}
// snippet.end

// snippet.hide
let lease = MigrationLease(table: "orders")
func waitUntil(_ isTrue: @Sendable () -> Bool) async throws {
  while !isTrue() { try await sleep(until: .after(.milliseconds(1))) }
}
var text = ""
// snippet.show

// snippet.dump
// In a server: print all holders and waiters on standard error at `kill -USR1`.
Trace.dumpOnSignal()
// Waiters are always known; holders are recorded from this level on.
Trace.level = .holders

let connections = AsyncSemaphore(limit: 1, name: "database connections")
let rows = Channel<String>(capacity: 16, name: "rows")

try await withThrowingTaskGroup { group in
  group.addTask(name: "nightly report") {
    try await connections.withPermit {
      for try await row in rows.receiver { print(row) }
    }
  }
  // snippet.hide
  try await waitUntil { rows.receiver.snapshot()["receivers waiting"] == 1 }
  let isTaken = lease.tryTake()
  precondition(isTaken)
  // snippet.show
  group.addTask(name: "request 17") {
    try await connections.withPermit { print("request 17 is served") }
  }
  // snippet.hide
  try await waitUntil { connections.snapshot()["waiting"] == 1 }
  text = Trace.dump()
  // snippet.show
  // Who keeps request 17 waiting? The report, which waits for rows.
  print(Trace.dump())
  rows.sender.close()
  try await group.waitForAll()
}
// snippet.end

// snippet.hide
lease.giveBack()
precondition(text.contains("held by task \"nightly report\": acquire(1)"))
precondition(text.contains("awaited by task \"nightly report\": receive(1)"))
precondition(text.contains("awaited by task \"request 17\": acquire(1)"))
precondition(text.contains("MigrationLease \"orders\""))
precondition(lease.snapshot().holders.isEmpty)
