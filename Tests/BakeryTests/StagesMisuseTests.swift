import Bakery
import Testing

@Suite struct StagesMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a map of width 0`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Stages().from([1]).map(width: 0) { $0 }
    }
    expect("Stage.map needs a width of at least 1, got 0", in: result)
  }

  @Test func `a forEach of width 0`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Stages().from([1]).forEach(width: 0) { _ in }
    }
    expect("Stage.forEach needs a width of 1 to 65536, got 0", in: result)
  }

  @Test func `batches of nothing, a fan-out to nobody, a negative buffer`() async {
    let count = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Stages().from([1]).batch(count: 0)
    }
    expect("Stage.batch needs a count of at least 1, got 0", in: count)
    let bytes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Stages().from([1]).batch(count: 1, bytes: 0) { $0 }
    }
    expect("Stage.batch needs a size of at least 1 byte, got 0", in: bytes)
    let nobody = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Stages().from([1]).fanOut(0)
    }
    expect("Stage.fanOut needs a count of at least 1, got 0", in: nobody)
    let buffer = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Stages().from([1], buffer: -1)
    }
    expect("capacity of 0 to 2147483647, got -1", in: buffer)
  }

  @Test func `a stage without a taker, or with two`() async {
    let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let stages = Stages()
      _ = stages.from([1], name: "orphan")
      try await stages.run()
    }
    expect("has no taker: end it with forEach", in: none)
    let two = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let source = Stages().from([1], name: "popular")
      source.forEach { _ in }
      source.forEach { _ in }
    }
    expect("has a taker already: use fanOut for several", in: two)
  }

  @Test func `a merge of stages of another run`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let other = Stages().from([1], name: "stranger")
      _ = Stages().merge([other])
    }
    expect("cannot be merged into the stages of another run", in: result)
  }

  @Test func `a second run, and a stage that comes too late`() async {
    let again = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let stages = Stages()
      try await stages.run()
      try await stages.run()
    }
    expect("Stages may be run once", in: again)
    let late = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let stages = Stages()
      try await stages.run()
      _ = stages.from([1])
    }
    expect("was added to Stages that have been run", in: late)
  }
}
