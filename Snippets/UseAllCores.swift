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
// snippet.hide
precondition(sums.count == 4)
print("four sums, computed by \(pool.threads) threads")
// snippet.end
