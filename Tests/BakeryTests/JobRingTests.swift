import Synchronization
import Testing

@testable import Bakery

/// Jobs that are never run: names of places in memory that stand for them.
private func job(_ number: Int) -> UnownedJob {
  // Safe because the rings only carry the bits, and the tests only compare them.
  unsafeBitCast(number * 16, to: UnownedJob.self)
}

private func number(_ job: UnownedJob?) -> Int? {
  // Safe because these are the bits that `job` made.
  job.map { unsafeBitCast($0, to: Int.self) / 16 }
}

struct JobRingTests {
  @Test func `jobs come out in the order in which they went in`() {
    let ring = JobRing()
    for index in 1...600 {
      ring.append(job(index)) { _ in Issue.record("there is room") }
      #expect(number(ring.takeFirst()) == index)
    }
    #expect(number(ring.takeFirst()) == nil)
  }

  @Test func `a full ring hands over its older half and the new job`() {
    let ring = JobRing()
    for index in 1...256 { ring.append(job(index)) { _ in Issue.record("there is room") } }
    var handed: [Int?] = []
    ring.append(job(257)) { handed = $0.map(number) }
    #expect(handed == Array(1...128) + [257])
    #expect(ring.count == 128)
    #expect(number(ring.takeFirst()) == 129)
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 2), (100, 50), (255, 128)])
  func `a thief takes half, the larger one, from the front`(count: Int, taken: Int) {
    let (victim, thief) = (JobRing(), JobRing())
    for index in 1...count { victim.append(job(index)) { _ in } }
    #expect(number(thief.steal(from: victim)) == taken)
    #expect(thief.count == taken - 1)
    #expect(victim.count == count - taken)
    for index in 1..<taken { #expect(number(thief.takeFirst()) == index) }
    for index in taken..<count { #expect(number(victim.takeFirst()) == index + 1) }
  }

  @Test func `every job comes out once, whoever takes it`() {
    let total = 100_000
    let race = Race(total: total)
    startThread(named: "thief") { race.steal() }
    for index in 1...total {
      race.owner.append(job(index)) { $0.forEach(race.note) }
      if index % 3 == 0, let mine = race.owner.takeFirst() { race.note(mine) }
    }
    while let mine = race.owner.takeFirst() { race.note(mine) }
    race.isOver.store(true, ordering: .releasing)
    while !race.hasEnded.load(ordering: .acquiring) {}
    #expect(race.counts.allSatisfy { $0 == 1 })
  }
}

/// An owner and a thief of the same jobs, and how often each job came out.
// Safe because a place of `places` is written by whoever took the job out of the rings, which is what is tested.
private final class Race: @unchecked Sendable {
  let owner = JobRing()
  let isOver = Atomic<Bool>(false)
  let hasEnded = Atomic<Bool>(false)
  private let thief = JobRing()
  private let places: UnsafeMutableBufferPointer<UInt8>

  init(total: Int) {
    places = .allocate(capacity: total)
    places.initialize(repeating: 0)
  }

  deinit {
    places.deallocate()
  }

  var counts: [UInt8] { Array(places) }

  func note(_ job: UnownedJob) {
    places[(number(job) ?? 0) - 1] += 1
  }

  func steal() {
    while !isOver.load(ordering: .acquiring) {
      if let stolen = thief.steal(from: owner) { note(stolen) }
      while let next = thief.takeFirst() { note(next) }
    }
    hasEnded.store(true, ordering: .releasing)
  }
}
