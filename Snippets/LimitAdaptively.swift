// Find out how much concurrency a service stands.

import Bakery

// snippet.hide
struct Busy: Error {}

func query(_ word: String) async throws -> Int {
  try await sleep(until: .after(.milliseconds(2)))
  if word.isEmpty { throw Busy() }
  return word.utf8.count
}
// snippet.show

// snippet.adaptive
// As many queries at once as the dictionary answers without becoming slow; nobody has to know how many that are.
let dictionary = AdaptiveLimiter(name: "dictionary")

func length(of word: String) async throws -> Int {
  try await dictionary.withPermit(isOverload: { $0 is Busy }) { try await query(word) }
}

let lengths = try await gather(["rye", "wheat", "oats"], width: 3) { try await length(of: $0) }

let found = dictionary.measures
print("settled at \(found.limit): \(found.lastChange.reason)")
// snippet.end

// snippet.hide
precondition(lengths == [3, 5, 4])
precondition(found.inFlight == 0)
// snippet.show

// snippet.algorithm
// A textbook algorithm instead of the default, with the range in which its limit stays.
let mirror = AdaptiveLimiter(.gradient2(tolerance: 1.5), limits: 2...200, name: "mirror")
let sizes = try await gather(["a", "bb"], limiter: mirror) { try await query($0) }
// snippet.end

// snippet.hide
precondition(sizes == [1, 2])
// snippet.show
