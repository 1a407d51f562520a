import Testing

@testable import Bakery

/// Mistakes with threads stop the program with the type, the rule and the way out.
@Suite struct ThreadsMisuseTests {
  private func expect(_ message: String, in result: ExitTest.Result?) {
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains(message), "printed: \(output)")
  }

  @Test func `a thread that joins itself`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let selfs = Guarded<JoinableThread<Void, Never>?>(nil)
      let thread = try JoinableThread.start(named: "selfish") {
        while true { selfs.withLockUnobserved { $0 }?.join() }
      }
      selfs.withLockUnobserved { $0 = thread }
      try await thread.value
    }
    expect("JoinableThread \"selfish\"", in: result)
    expect("joins itself and would wait for ever", in: result)
  }

  @Test func `a task that blocks its thread to join one`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      func block(_ thread: JoinableThread<Void, Never>) { thread.join() }
      block(try JoinableThread.start(named: "joined") {})
    }
    expect("join on JoinableThread \"joined\"", in: result)
    expect("blocks a thread and was called in a task; write `try await value`", in: result)
  }

  @Test func `a thread-local value inside its own body`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let local = ThreadLocal(name: "scratch") { 0 }
      local.withValue { _ in local.withValue { _ in } }
    }
    expect("withValue inside withValue on one thread", in: result)
  }
}
