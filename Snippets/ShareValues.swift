// Share a value between tasks, also while they wait for something in the middle of their work.

import Bakery

// snippet.hide
struct Account: Sendable {
  var balance = 0
}

func confirm(_ amount: Int) async throws -> Bool {
  try await sleep(until: .after(.milliseconds(1)))
  return amount < 1000
}

struct Connection: Sendable {
  let number: Int
}
// snippet.show

// snippet.mutex
// Nobody sees the balance between the look at it and the withdrawal, though the bank is asked in between.
let account = AsyncMutex(Account(balance: 300), name: "account")

func withdraw(_ amount: Int) async throws -> Bool {
  try await account.withLock(deadline: .after(.seconds(10))) { account in
    guard account.balance >= amount, try await confirm(amount) else { return false }
    account.balance -= amount
    return true
  }
}
// snippet.end

// snippet.hide
let withdrawn = try await gather(0..<5, width: 5) { _ in try await withdraw(100) }
precondition(withdrawn.count { $0 } == 3)
precondition(account.snapshot()["locked"] == 0)
print("\(withdrawn.count { $0 }) of \(withdrawn.count) withdrawals went through")
// snippet.show

// snippet.when
// A pool: whoever finds no connection waits until one is back, without a condition of its own.
let idle = AsyncMutex([Connection(number: 1), Connection(number: 2)], name: "idle connections")

func withConnection<Success: Sendable>(
  _ body: (Connection) async throws -> Success
) async throws -> Success {
  let connection = try await idle.withLock(
    when: { !$0.isEmpty },
    deadline: .after(.seconds(5))
  ) { $0.removeLast() }
  let result: Result<Success, any Error>
  do {
    result = .success(try await body(connection))
  } catch {
    result = .failure(error)
  }
  // Given back also when this task is cancelled.
  await idle.withLockUncancellable { $0.append(connection) }
  return try result.get()
}
// snippet.end

// snippet.hide
let numbers = try await gather(0..<6, width: 6) { _ in
  try await withConnection { connection in
    try await sleep(until: .after(.milliseconds(1)))
    return connection.number
  }
}
precondition(Set(numbers).isSubset(of: [1, 2]))
let back = try await idle.withLock { $0.count }
precondition(back == 2)
print("six queries on connections \(Set(numbers).sorted())")
// snippet.show

// snippet.guard
// The end of the scope unlocks. Until then nobody else gets in, whatever is awaited.
func deposit(_ amount: Int) async throws {
  var lock = try await account.lock()
  guard lock.withValue({ $0.balance + amount <= 10_000 }), try await confirm(amount) else { return }
  lock.withValue { $0.balance += amount }
}
// snippet.end

// snippet.hide
try await deposit(50)
let balance = try await account.withLock { $0.balance }
precondition(balance == 50)
// snippet.show

// snippet.condition
// A buffer of ten lines. Each side wakes one task of the other side, the one that has waited longest.
let lines = AsyncMutex<[String]>([], name: "lines")
let hasRoom = AsyncCondition(of: lines, name: "lines has room")
let hasLines = AsyncCondition(of: lines, name: "lines has lines")

func put(_ line: String) async throws {
  var lock = try await lines.lock()
  try await hasRoom.wait(&lock) { $0.count < 10 }
  lock.withValue { $0.append(line) }
  hasLines.notifyOne()
}

func take() async throws -> String {
  var lock = try await lines.lock()
  try await hasLines.wait(&lock) { !$0.isEmpty }
  hasRoom.notifyOne()
  return lock.withValue { $0.removeFirst() }
}
// snippet.end

// snippet.hide
async let taken = gather(0..<40, width: 2) { _ in try await take() }
for number in 0..<40 { try await put("line \(number)") }
let all = try await taken
precondition(Set(all).count == 40)
print("\(all.count) lines went through a buffer of ten")

struct Table: Sendable {
  var entries: [String: String] = [:]
}

func answer(_ text: String?) async throws -> String {
  try await sleep(until: .after(.milliseconds(1)))
  return text ?? "not found"
}
// snippet.show

// snippet.readers
// Requests use the table side by side, for as long as an answer takes; a new table waits for them, and they for it.
let table = AsyncRWLock(Table(), name: "routing table")

func handle(_ path: String) async throws -> String {
  try await table.withReadLock(deadline: .after(.seconds(2))) { table in
    try await answer(table.entries[path])
  }
}

func replace(by entries: [String: String]) async throws {
  try await table.withWriteLock { $0.entries = entries }
}
// snippet.end

// snippet.hide
try await replace(by: ["/": "home"])
let answers = try await gather(0..<8, width: 8) { _ in try await handle("/") }
precondition(answers.allSatisfy { $0 == "home" })
precondition(table.snapshot()["readers"] == 0)
print("\(answers.count) answers from one table")
// snippet.show
