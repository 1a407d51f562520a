// Limit how often something happens, for all together and for each key.

import Bakery

// snippet.hide
let calls = AsyncLatch(count: 5, name: "calls")

struct Request: Sendable { let client: String }

struct Response: Sendable, Equatable {
  let status: Int
  var retryAfter: Duration?
}

func search(_ word: String) async throws -> Int {
  calls.countDown()
  return word.utf8.count
}
// snippet.show

// snippet.rate
// At most a thousand calls a second, and three at once after a pause: each call waits for the instant it has reserved.
let limiter = RateLimiter(Quota(1000, per: .seconds(1), burst: 3), name: "search API")

let lengths = try await gather(["rye", "wheat", "oats", "spelt", "barley"], width: 5) { word in
  try await limiter.acquire(deadline: .after(.seconds(10)))
  return try await search(word)
}
print("found \(lengths.count)")
// snippet.end

// snippet.hide
precondition(lengths == [3, 5, 4, 5, 6])
precondition(calls.remaining == 0)
// snippet.show

// snippet.keyed
// Two requests at once for each client, then one a minute; who comes too early is told when to come again.
let clients = KeyedRateLimiter<String>(Quota(1, per: .seconds(60), burst: 2), capacity: 10_000)

func answer(_ request: Request) -> Response {
  if clients.tryAcquire(for: request.client) { return Response(status: 200) }
  let wait = clients.readyTime(for: request.client).duration(since: .now)
  return Response(status: 429, retryAfter: wait)
}
// snippet.end

// snippet.hide
let answers = (0..<3).map { _ in answer(Request(client: "a")) }
precondition(answers.map(\.status) == [200, 200, 429])
precondition((50.0...60.0).contains((answers[2].retryAfter ?? .zero) / .seconds(1)))
precondition(answer(Request(client: "b")).status == 200)
// snippet.show
