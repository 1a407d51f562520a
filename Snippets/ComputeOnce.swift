// Compute a value when it is first needed, once for all who need it.

import Bakery

// snippet.hide
let logins = AsyncLatch(count: 1, name: "logins")

struct Connection: Sendable {
  func query(_ text: String) async throws -> String { "rows of \(text)" }
}

func connect() async throws -> Connection {
  // A second login would count below zero and stop the program.
  logins.countDown()
  try await sleep(until: .after(.milliseconds(5)))
  return Connection()
}
// snippet.show

// snippet.once
// Whoever needs the database first connects; the others wait for that and share the connection.
struct Database: Sendable {
  private let connection = AsyncOnce<Connection>(name: "connection")

  func query(_ text: String, deadline: Deadline = .never) async throws -> String {
    let connection = try await connection.value(deadline: deadline) { try await connect() }
    return try await connection.query(text)
  }
}

let database = Database()
let answers = try await gather(["users", "orders", "parcels"], width: 3) { table in
  try await database.query(table, deadline: .after(.seconds(10)))
}
print(answers.joined(separator: ", "))
// snippet.end

// snippet.hide
precondition(answers == ["rows of users", "rows of orders", "rows of parcels"])
precondition(logins.remaining == 0)
// snippet.show
