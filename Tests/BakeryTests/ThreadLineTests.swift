import BakeryTesting
import Testing

@testable import Bakery

private let party = Party(
  task: TaskIdentity(number: 0, name: "thread"),
  operation: "wait",
  count: 1,
  since: .never
)

@Suite struct ThreadLineTests {
  private var line = ThreadLine()

  @Test mutating func `the first to come is the first to be woken`() {
    let (first, second) = (ThreadParker(), ThreadParker())
    let tickets = [line.wait(party, first), line.wait(party, second)]
    #expect(line.wakeFirst() === first)
    #expect(line.wakeFirst() === second)
    #expect(line.wakeFirst() == nil)
    #expect(tickets.map { line.leave($0) } == [2, 2])
  }

  @Test mutating func `who leaves unwoken is not woken later`() {
    let (first, second) = (ThreadParker(), ThreadParker())
    let gone = line.wait(party, first)
    _ = line.wait(party, second)
    #expect(line.leave(gone) == nil)
    #expect(line.wakeAll().count == 1)
    #expect(line.queue.isEmpty)
  }

  @Test mutating func `a signal that cannot be used goes to the next of its time, and no further`()
  {
    let (first, second, late) = (ThreadParker(), ThreadParker(), ThreadParker())
    let woken = line.wait(party, first)
    let next = line.wait(party, second)
    #expect(line.wakeFirst() === first)
    _ = line.wait(party, late)
    let signal = line.leave(woken)
    #expect(signal == 2)
    #expect(line.passOn(2) === second)
    #expect(line.leave(next) == 3)
    // The late one came after the first signal and before it was handed on.
    #expect(line.passOn(2) == nil)
    #expect(line.passOn(3) === late)
    #expect(line.passOn(3) == nil)
  }

  @Test func `does what its specification does`() {
    var (line, specification) = (ThreadLine(), ThreadLineSpecification())
    var parkers: [ObjectIdentifier: Int] = [:]
    var keep: [ThreadParker] = []
    var tickets: [Int: Ticket] = [:]
    var signals: [Int: UInt64] = [:]
    let random = SeededRandom(seed: 7)
    func number(_ parker: ThreadParker?) -> [Int] {
      parker.flatMap { parkers[ObjectIdentifier($0)] }.map { [$0] } ?? []
    }
    for _ in 0..<10_000 {
      switch random.below(8) {
      case 0, 1, 2:
        let (parker, thread) = (ThreadParker(), specification.arrivals)
        keep.append(parker)
        parkers[ObjectIdentifier(parker)] = thread
        tickets[thread] = line.wait(party, parker)
        #expect(specification.apply(.wait) == .none)
      case 3:
        #expect(specification.apply(.wakeFirst) == .woken(number(line.wakeFirst())))
      case 4 where random.below(4) == 0:
        #expect(
          specification.apply(.wakeAll) == .woken(line.wakeAll().flatMap { number($0) })
        )
      case 5:
        guard let (thread, signal) = signals.min(by: { $0.key < $1.key }) else { continue }
        signals[thread] = nil
        let passed = line.passOn(signal)
        #expect(specification.apply(.passOn(thread: thread)) == .woken(number(passed)))
      default:
        let open = tickets.keys.sorted()
        guard !open.isEmpty else { continue }
        let thread = open[random.below(open.count)]
        guard let ticket = tickets.removeValue(forKey: thread) else { continue }
        let signal = line.leave(ticket)
        signals[thread] = signal
        #expect(
          specification.apply(.leave(thread: thread)) == .left(isWoken: signal != nil)
        )
      }
    }
    #expect(line.queue.waiting == specification.line.count)
  }
}

@Suite struct ThreadBarrierStateTests {
  @Test func `does what its specification does`() {
    for parties in 1...4 {
      var state = ThreadBarrierState(parties: parties)
      var specification = ThreadBarrierSpecification(parties: parties)
      var tickets: [(thread: Int, ticket: Ticket)] = []
      let random = SeededRandom(seed: UInt64(parties))
      for _ in 0..<10_000 {
        if random.below(2) == 0 || tickets.isEmpty {
          let thread = specification.arrivals
          switch state.arrive(party, ThreadParker()) {
          case .leads(let parkers):
            #expect(specification.apply(.arrive) == .leads(waking: parkers.count))
          case .waits(let ticket):
            tickets.append((thread, ticket))
            #expect(specification.apply(.arrive) == .waits)
          }
        } else {
          let (thread, ticket) = tickets.remove(at: random.below(tickets.count))
          let isOver = state.leave(ticket)
          #expect(specification.apply(.leave(thread: thread)) == .left(isOver: isOver))
        }
      }
      #expect(state.line.queue.waiting == specification.waiting.count)
    }
  }
}

extension SeededRandom {
  /// A number from 0 to just below `bound`.
  func below(_ bound: Int) -> Int {
    var generator = generator
    return Int.random(in: 0..<bound, using: &generator)
  }
}
