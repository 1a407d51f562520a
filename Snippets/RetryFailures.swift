// Try again, at sensible times and not too often.

import Bakery

// snippet.hide
struct Refused: Error {
  var status: Int
  var retryAfter: Duration?
}

/// A service that refuses the first requests for each name, each for another reason.
let refusals = Channel<Refused>(capacity: 10)
for status in [503, 429, 503] {
  try refusals.sender.trySend(
    Refused(status: status, retryAfter: status == 429 ? .milliseconds(30) : nil)
  )
}

func order(_ cake: String) async throws(Refused) -> String {
  if let refused = refusals.receiver.tryReceive() { throw refused }
  return "\(cake) is in the oven"
}
// snippet.show

// snippet.schedule
// 100 ms at most at first, twice as much each time, no more than 5 s; five attempts within a minute.
let schedule = Schedule.exponential(from: .milliseconds(100), upTo: .seconds(5))
  .attempts(5)
  .within(.seconds(60))
// snippet.end

// snippet.retry
let receipt = try await retry(schedule) {
  try await order("apple pie")
}
print(receipt)
// snippet.end

// snippet.hide
precondition(receipt == "apple pie is in the oven")
precondition(schedule.attemptsMaximum == 5)
try refusals.sender.trySend(Refused(status: 429, retryAfter: .milliseconds(30)))
let start = Deadline.now
// snippet.show

// snippet.decision
// The error knows whether it is worth another attempt, and when.
func decide(_ error: Refused) -> RetryDecision {
  switch error.status {
  case 429, 503: error.retryAfter.map { .retryAfter($0) } ?? .retry
  default: .stop
  }
}

let cake = try await retry(schedule, onFailure: decide) { () throws(Refused) in
  try await order("cheesecake")
}
// snippet.end

// snippet.hide
precondition(cake == "cheesecake is in the oven")
precondition(Deadline.now.duration(since: start) >= .milliseconds(30))
// snippet.show

// snippet.budget
// All that order from the bakery share a budget: one retry for ten orders that succeed, and ten in reserve.
let budget = RetryBudget(reserve: 10, ratio: 0.1, name: "orders")

let results = try await gather(1...100, width: 8, policy: .collect) { number in
  try await retry(schedule, budget: budget) {
    try await order("bread \(number)")
  }
}
print(budget.snapshot())
// snippet.end

// snippet.hide
precondition(results.count == 100)
precondition(budget.snapshot()["withdrawn"] == 0)
