import Testing

@testable import Bakery

@Suite struct SupervisorStateTests {
  struct Crash: Error {}

  /// Carries out what the state decides, as its tasks would, and holds it to what must always be true.
  private struct Driver {
    var state: SupervisorState
    /// The run of each child that has one now, and whether it was told to stop.
    var live: [Int: (run: UInt64, isStopped: Bool)] = [:]
    var added: [Int] = []
    var forgotten: Set<Int> = []
    var bodyIsStopped = false
    var now: Int64 = 0

    init(_ strategy: Supervisor.Strategy, _ restarts: Int = 1000) {
      state = SupervisorState(
        strategy: strategy,
        intensity: .init(restarts, within: .seconds(5)),
        description: "Supervisor"
      )
    }

    mutating func add(_ kind: Supervisor.Restart = .permanent) {
      guard let id = state.add("\(added.count)", kind) else {
        #expect(state.isEnding)
        return
      }
      added.append(id)
      perform { $0.attend(id) }
    }

    mutating func ready(_ id: Int) {
      guard let run = live[id]?.run else { return }
      perform { $0.ready(id, run).actions }
    }

    mutating func end(_ id: Int, _ failure: (any Error)? = Crash()) {
      guard let run = live.removeValue(forKey: id)?.run else { return }
      let time = Deadline(nanoseconds: now)
      perform { $0.ended(id, run, failure, at: time) }
    }

    mutating func perform(_ decide: (inout SupervisorState) -> [SupervisorState.Action]) {
      for action in decide(&state) {
        switch action {
        case .launch(let id, let run, _):
          #expect(live[id] == nil, "a child runs twice")
          #expect(!forgotten.contains(id), "a child runs that is gone")
          #expect(!state.isEnding)
          if state.strategy != .oneForOne {
            let before = state.children.prefix { $0.id != id }
            #expect(before.allSatisfy { $0.phase == .running || $0.phase == .overdue })
          }
          live[id] = (run, false)
        case .stop(let id, let run):
          #expect(live[id]?.run == run, "a stop for another run")
          #expect(live[id]?.isStopped == false, "stopped twice")
          let after = state.children.drop { $0.id <= id }
          #expect(!after.contains { $0.isLive && $0.fate != .decidedThen }, "stopped out of turn")
          live[id]?.isStopped = true
        case .forget(let id, _):
          #expect(live[id] == nil, "forgotten while it runs")
          #expect(forgotten.insert(id).inserted, "forgotten twice")
        case .stopBody: bodyIsStopped = true
        case .refuseChildren: #expect(state.isEnding)
        case .sayEmpty: #expect(state.children.isEmpty)
        }
      }
      #expect(state.children.map(\.id) == state.children.map(\.id).sorted())
    }

    /// The children by their phase, for example "running stopping".
    var phases: String { state.children.map { "\($0.phase)" }.joined(separator: " ") }
  }

  private func running(_ strategy: Supervisor.Strategy, _ count: Int = 3) -> Driver {
    var driver = Driver(strategy)
    for _ in 0..<count { driver.add() }
    for id in 1...count { driver.ready(id) }
    return driver
  }

  @Test func `one for one launches at once, the others when the child before is ready`() {
    var one = Driver(.oneForOne)
    for _ in 0..<3 { one.add() }
    #expect(one.phases == "starting starting starting")
    var all = Driver(.allForOne)
    for _ in 0..<3 { all.add() }
    #expect(all.phases == "starting waiting waiting")
    all.ready(1)
    #expect(all.phases == "running starting waiting")
  }

  @Test func `all for one stops the last first and launches when all have ended`() {
    var driver = running(.allForOne)
    driver.end(2)
    #expect(driver.phases == "running waiting stopping")
    driver.end(3)
    #expect(driver.phases == "stopping waiting waiting")
    driver.end(1)
    #expect(driver.phases == "starting waiting waiting")
    #expect(driver.state.restarts == 1)
  }

  @Test func `a child that crashes on its way out is not counted`() {
    var driver = running(.allForOne)
    driver.end(2)
    driver.end(1)
    #expect(driver.phases == "waiting waiting stopping")
    driver.end(3)
    #expect(driver.phases == "starting waiting waiting")
    #expect(driver.state.restarts == 1)
  }

  @Test func `a child that fails in its restart is restarted again, and counted again`() {
    var driver = running(.restForOne)
    driver.end(2)
    driver.end(3)
    driver.end(2)
    #expect(driver.phases == "running starting waiting")
    #expect(driver.state.restarts == 2)
  }

  @Test func `ready counts once, and not from an earlier run`() {
    var driver = Driver(.oneForOne)
    driver.add()
    let first = driver.live[1]?.run ?? 0
    driver.ready(1)
    #expect(driver.state.ready(1, first).isNews == false)
    driver.end(1)
    #expect(driver.state.ready(1, first).isNews == false)
    #expect(driver.phases == "starting")
  }

  @Test func `more restarts than the intensity end the supervisor: the body, then the children`() {
    var driver = Driver(.oneForOne, 2)
    for _ in 0..<3 { driver.add() }
    for id in 1...3 { driver.ready(id) }
    for _ in 0..<2 {
      driver.end(2)
      driver.ready(2)
    }
    #expect(driver.state.escalation == nil)
    driver.end(2)
    #expect(driver.state.escalation?.reason == .tooManyRestarts)
    #expect(driver.bodyIsStopped)
    #expect(driver.phases == "running running")
    driver.perform { $0.bodyEnded() }
    #expect(driver.phases == "running stopping")
    driver.end(3)
    driver.end(1)
    #expect(driver.forgotten == [1, 2, 3])
  }

  @Test
  func `a late child does not hold up the others, and ends the supervisor if it was to return`() {
    var driver = running(.allForOne)
    driver.end(1)
    let run = driver.live[3]?.run ?? 0
    driver.perform { $0.late(run) }
    #expect(driver.state.escalation?.reason == .childDidNotStop)
    driver.perform { $0.bodyIsLate() }
    #expect(driver.phases == "stopping overdue")
    driver.end(2)
    driver.end(3, nil)
    #expect(driver.forgotten == [1, 2, 3])
    #expect(driver.state.body == .overdue)
  }

  @Test func `a child that is late after a cancellation is no reason to give up`() {
    var driver = running(.allForOne)
    driver.end(1)
    driver.perform { $0.cancelled() }
    let run = driver.live[3]?.run ?? 0
    driver.perform { $0.late(run) }
    #expect(driver.state.escalation == nil)
    driver.perform { $0.bodyEnded() }
    driver.end(2)
    driver.end(3)
    #expect(driver.forgotten == [1, 2, 3])
  }

  @Test func `withdrawn children leave, and the others stay`() {
    var driver = running(.oneForOne)
    driver.perform { $0.withdraw(2) }
    driver.perform { $0.withdraw(2) }
    driver.end(2)
    #expect(driver.forgotten == [2])
    #expect(driver.phases == "running running")
    #expect(driver.state.restarts == 0)
    driver.perform { $0.withdraw(99) }
  }

  @Test func `in 1,000 random lives no child runs twice, is lost or stays`() {
    for seed in UInt64(0)..<1000 {
      var random = SeededRandom(seed: seed).generator
      let strategies = [Supervisor.Strategy.oneForOne, .allForOne, .restForOne]
      let kinds = [Supervisor.Restart.permanent, .transient, .temporary]
      var driver = Driver(
        strategies[Int(seed % 3)],
        seed.isMultiple(of: 5) ? 3 : 1000
      )
      for _ in 0..<60 {
        driver.now += Int64.random(in: 0...1_000_000_000, using: &random)
        let child = driver.added.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<12, using: &random) {
        case 0...2: driver.add(kinds[Int.random(in: 0..<3, using: &random)])
        case 3...6: driver.ready(child)
        case 7...8: driver.end(child)
        case 9: driver.end(child, nil)
        case 10: driver.perform { $0.withdraw(child) }
        default:
          let late = driver.live.values.filter(\.isStopped).map(\.run).sorted().first
          if let late, Int.random(in: 0..<4, using: &random) == 0 {
            driver.perform { $0.late(late) }
          }
        }
      }
      if Bool.random(using: &random) { driver.perform { $0.cancelled() } }
      driver.perform { $0.bodyEnded() }
      // What was told to stop does so, one after the other, until nobody is left.
      while let stopped = driver.live.filter(\.value.isStopped).keys.min() { driver.end(stopped) }
      #expect(driver.live.isEmpty, "seed \(seed)")
      #expect(driver.forgotten == Set(driver.added), "seed \(seed)")
      #expect(driver.state.children.isEmpty)
    }
  }
}
