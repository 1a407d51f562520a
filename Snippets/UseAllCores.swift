// Computing on all processors without keeping other tasks waiting.
// snippet.pool
import Bakery

let pool = ThreadPool(threads: 2, name: "kneading")

let sums = await withTaskGroup(of: Int.self) { group in
  for worker in 0..<4 {
    group.addTask(executorPreference: pool) {
      (0..<1_000_000).reduce(0) { ($0 &+ $1) ^ worker }
    }
  }
  var sums: [Int] = []
  for await sum in group { sums.append(sum) }
  return sums
}
await pool.shutdown()
// snippet.end

// snippet.hide
precondition(sums.count == 4)
print("four sums, computed by \(pool.threads) threads")
// snippet.show

// snippet.map
let hashes = try await parallelMap(0..<100_000, grain: 1_000) { number in
  (0..<10).reduce(number) { ($0 &* 31) ^ $1 }
}
// snippet.end

// snippet.hide
precondition(hashes.count == 100_000)
// snippet.show

// snippet.forEach
let latch = AsyncLatch(count: 1_000)
try await parallelForEach(0..<1_000, grain: 100) { _ in latch.countDown() }
try await latch.wait()
// snippet.end

// snippet.hide
precondition(latch.remaining == 0)
// snippet.show

// snippet.reduce
let fractions = (1...1_000_000).map { 1 / Double($0) }
let sum = try await parallelReduce(fractions, identity: 0) {
  $0 + $1
} combine: {
  $0 + $1
}
// The same bits on every machine, however many processors it has.
// snippet.end

// snippet.hide
precondition(abs(sum - 14.392726722865) < 1e-9)
// snippet.show

// snippet.sort
let words = try await parallelSort(["rye", "wheat", "oat", "barley"])
// snippet.end

// snippet.hide
precondition(words == ["barley", "oat", "rye", "wheat"])
print("100,000 hashes, a sum of \(sum), \(words)")
// snippet.show
