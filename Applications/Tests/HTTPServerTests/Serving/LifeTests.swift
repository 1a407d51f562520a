import Bakery
import HTTPServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct LifeTests {
  /// A handler that waits for `release`, and tells when it begins and when it is cancelled.
  private struct Oven: Sendable {
    let events = Channel<String>(capacity: 100)
    let release = Channel<Void>(capacity: 100)

    func handle(_ request: Request) async throws -> Response {
      try await events.sender.send("begin")
      do {
        _ = try await release.receiver.receive()
      } catch {
        try events.sender.trySend("cancelled")
        throw error
      }
      return Response(text: "done")
    }

    func next() async throws -> String? { try await events.receiver.receive() }
  }

  @Test func `a client that leaves cancels its handler`() async throws {
    let oven = Oven()
    try await Server.run(listen: [.loopback(port: 0)], handler: oven.handle) { running in
      try await RawClient.connect(to: running.addresses[0]) { client in
        try await client.send(get("/"))
        #expect(try await oven.next() == "begin")
      }
      #expect(try await oven.next() == "cancelled")
    }
  }

  @Test func `a client that takes nothing is cut off, and little is made for it`() async throws {
    var settings = ServerSettings()
    settings.stallTimeout = .milliseconds(100)
    let written = Atomic(0)
    let ended = Channel<Bool>(capacity: 1)
    let sender = ended.sender
    let handler: Server.Handler = { _ in
      Response(
        body: .stream { writer in
          do {
            for _ in 0..<4096 {
              try await writer.write(Array(repeating: 0, count: 65_536))
              written.add(65_536, ordering: .relaxed)
            }
          } catch {
            try sender.trySend(error is ConnectionClosed)
            throw error
          }
        }
      )
    }
    try await Server.run(listen: [.loopback(port: 0)], settings: settings, handler: handler) {
      try await RawClient.connect(to: $0.addresses[0]) { client in
        try await client.send(get("/"))
        #expect(try await ended.receiver.receive() == true)
      }
    }
    #expect(written.load(ordering: .relaxed) < 64_000_000)
  }

  @Test func `many requests are under way at once`() async throws {
    let count = 300
    let oven = Oven()
    try await Server.run(listen: [.loopback(port: 0)], handler: oven.handle) { running in
      let address = running.addresses[0]
      async let answers = gather(0..<count, width: count) { _ in
        try await RawClient.connect(to: address) { client in
          try await client.send(get("/"))
          return try await client.hearAnswer().body
        }
      }
      for _ in 0..<count { #expect(try await oven.next() == "begin") }
      for _ in 0..<count { try await oven.release.sender.send(()) }
      #expect(try await answers == Array(repeating: "done", count: count))
    }
  }

  @Test func `connections above the limit are served when others end`() async throws {
    var settings = ServerSettings()
    settings.connectionMaximum = 2
    let handler: Server.Handler = { Response(text: $0.path) }
    try await Server.run(listen: [.loopback(port: 0)], settings: settings, handler: handler) {
      let address = $0.addresses[0]
      let bodies = try await gather(0..<40, width: 40) { number in
        try await RawClient.connect(to: address) { client in
          try await client.send(get("/\(number)", "Connection: close"))
          return try await client.hearAnswer().body
        }
      }
      #expect(bodies == (0..<40).map { "/\($0)" })
    }
  }

  @Test func `shutting down answers what is under way and closes what is idle`() async throws {
    let oven = Oven()
    var settings = ServerSettings()
    // A busy machine may take its time.
    settings.drainTimeout = .seconds(600)
    let patient = settings
    let handler: Server.Handler = { request in
      request.path == "/quick" ? Response() : try await oven.handle(request)
    }
    let idle = Channel<String>(capacity: 1)
    let busy = Channel<Answer>(capacity: 1)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let address = try await Server.run(
        listen: [.loopback(port: 0)],
        settings: patient,
        handler: handler
      ) {
        let address = $0.addresses[0]
        let connected = Channel<Void>(capacity: 1)
        group.addTask {
          try await RawClient.connect(to: address) { client in
            // An answer shows that the connection has been accepted, which connecting alone does not.
            try await client.send(get("/quick"))
            #expect(try await client.hearAnswer().status == 200)
            try await connected.sender.send(())
            try await idle.sender.send(client.hearAll())
          }
        }
        group.addTask {
          try await RawClient.connect(to: address) { client in
            try await client.send(get("/"))
            try await busy.sender.send(client.hearAnswer())
          }
        }
        _ = try await connected.receiver.receive()
        #expect(try await oven.next() == "begin")
        // Once the idle connection is seen to be closed, the server has begun to shut down.
        group.addTask {
          #expect(try await idle.receiver.receive() == "")
          try await oven.release.sender.send(())
        }
        return address
      }
      let answer = try #require(try await busy.receiver.receive())
      #expect(answer.body == "done")
      #expect(answer["connection"] == "close")
      await #expect(throws: (any Error).self) {
        try await RawClient.connect(to: address) { _ in }
      }
      try await group.waitForAll()
    }
  }

  @Test func `what is not done by the deadline is cancelled`() async throws {
    let oven = Oven()
    var settings = ServerSettings()
    settings.drainTimeout = .milliseconds(50)
    try await withThrowingTaskGroup(of: String.self) { group in
      try await Server.run(listen: [.loopback(port: 0)], settings: settings, handler: oven.handle) {
        let address = $0.addresses[0]
        group.addTask {
          try await RawClient.connect(to: address) { client in
            try await client.send(get("/"))
            return try await client.hearAll()
          }
        }
        let event = try await oven.next()
        #expect(event == "begin")
      }
      #expect(try await oven.next() == "cancelled")
      #expect(try await group.next() == "")
    }
  }

  @Test func `cancelling the server cancels its handlers`() async throws {
    let oven = Oven()
    let ports = Channel<Address>(capacity: 1)
    await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await Server.run(listen: [.loopback(port: 0)], handler: oven.handle) {
          try await ports.sender.send($0.addresses[0])
          try await sleep(until: .never)
        }
      }
      group.addTask {
        let address = try #require(try await ports.receiver.receive())
        try await RawClient.connect(to: address) { client in
          try await client.send(get("/"))
          #expect(try await oven.next() == "begin")
          throw CancellationError()
        }
      }
      await #expect(throws: CancellationError.self) { try await group.next() }
      group.cancelAll()
    }
    #expect(try await oven.next() == "cancelled")
  }

  @Test func `what the body returns or throws is what the server returns or throws`() async throws {
    struct Stop: Error {}
    let handler: Server.Handler = { _ in Response() }
    #expect(try await Server.run(listen: [.loopback(port: 0)], handler: handler) { _ in 7 } == 7)
    await #expect(throws: Stop.self) {
      try await Server.run(listen: [.loopback(port: 0)], handler: handler) { _ in throw Stop() }
    }
  }

  @Test func `several addresses get one common free port`() async throws {
    let addresses = (1...8).map { Address(host: "127.0.0.\($0)", port: 0) }
    let handler: Server.Handler = { Response(text: $0.localAddress.description) }
    try await Server.run(listen: addresses, handler: handler) { running in
      #expect(running.addresses.map(\.host) == addresses.map(\.host))
      #expect(Set(running.addresses.map(\.port)).count == 1)
      for address in running.addresses {
        try await RawClient.connect(to: address) { client in
          try await client.send(get("/"))
          #expect(try await client.hearAnswer().body == address.description)
        }
      }
    }
  }

  @Test func `an address that is taken is an error that says so`() async throws {
    let handler: Server.Handler = { _ in Response() }
    try await Server.run(listen: [.loopback(port: 0)], handler: handler) { running in
      let taken = running.addresses[0]
      let free = Address(host: "127.0.0.2", port: 0)
      let failure = await #expect(throws: ListenFailure.self) {
        try await Server.run(listen: [free, taken], handler: handler) { _ in }
      }
      #expect(failure?.address == taken)
      #expect(failure?.description.contains("choose another port") == true)
    }
  }

  @Test func `an address of another machine is an error that says so`() async throws {
    let failure = await #expect(throws: ListenFailure.self) {
      try await Server.run(
        listen: [Address(host: "192.0.2.1", port: 0)],
        handler: { _ in Response() }
      ) { _ in }
    }
    #expect(failure?.description.contains("no such address") == true)
  }
}
