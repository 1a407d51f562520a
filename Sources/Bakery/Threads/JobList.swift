/// Jobs in line, first in, first out.
struct JobList {
  private var jobs: [UnownedJob] = []
  private var first = 0

  var count: Int { jobs.count - first }

  mutating func append(_ more: some Collection<UnownedJob>) {
    jobs.append(contentsOf: more)
  }

  /// Takes up to `count` jobs from the front.
  mutating func takeFirst(_ count: Int) -> [UnownedJob] {
    let end = min(first + count, jobs.count)
    let taken = Array(jobs[first..<end])
    first = end
    // Moved to the front when that is cheaper than what was taken since the last time.
    if first * 2 >= jobs.count {
      jobs.removeFirst(first)
      first = 0
    }
    return taken
  }
}
