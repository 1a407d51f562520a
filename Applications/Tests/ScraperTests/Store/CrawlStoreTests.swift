import Testing

@testable import Scraper

/// What every store promises the engine.
struct CrawlStoreTests {
  enum Kind: CaseIterable { case sqlite, memory }

  let folder: StoreFolder

  init() throws {
    folder = try StoreFolder()
  }

  private func makeStore(_ kind: Kind) throws -> any CrawlStore {
    switch kind {
    case .sqlite: try SQLiteStore(path: folder.store)
    case .memory: MemoryStore()
    }
  }

  @Test(arguments: Kind.allCases)
  func `a new store is empty`(kind: Kind) async throws {
    #expect(try await makeStore(kind).load() == [])
  }

  @Test(arguments: Kind.allCases)
  func `URLs come back by number, in the state of their last record`(kind: Kind) async throws {
    let store = try makeStore(kind)
    try await store.commit([
      found(3), found(1), found(2), found(5), found(4, .skipped, reason: "x"),
    ])
    try await store.commit([
      .page(page(2, links: [3, 5])), failure(1),
      .settled(id: 5, state: .redirected, reason: "to \(url(2))"),
    ])
    #expect(
      try await store.load() == [
        stored(1, .failed), stored(2, .done), stored(3), stored(4, .skipped),
        stored(5, .redirected),
      ]
    )
  }

  @Test(arguments: Kind.allCases)
  func `a URL may be found and settled in one batch`(kind: Kind) async throws {
    let store = try makeStore(kind)
    try await store.commit([found(1), failure(1), .page(page(1))])
    #expect(try await store.load() == [stored(1, .done)])
  }

  @Test(arguments: Kind.allCases, 0..<7)
  func `a batch with a record that does not fit leaves nothing`(
    kind: Kind,
    index: Int
  ) async throws {
    let store = try makeStore(kind)
    try await store.commit([found(1), found(2), .page(page(1))])
    let sameURL = StoredURL(id: 9, url: url(1), state: .pending, depth: 0)
    let misfits: [CrawlRecord] = [
      found(1), .found(sameURL, reason: nil), .page(page(1)), .page(page(9)),
      .settled(id: 9, state: .skipped, reason: "robots.txt"), failure(9), found(3),
    ]
    let before = try await store.load()
    await #expect(throws: StoreError.self) {
      try await store.commit([found(3), .page(page(2, links: [1, 3])), failure(3), misfits[index]])
    }
    #expect(try await store.load() == before)
    try await store.commit([found(3), .page(page(2, links: [1, 3]))])
    #expect(try await store.load() == [stored(1, .done), stored(2, .done), stored(3)])
  }

  @Test func `the store in memory shows what was recorded`() async throws {
    let store = MemoryStore()
    try await store.commit([found(1), found(2), found(3, .skipped, reason: "too deep"), failure(2)])
    #expect(await store.failures[2]?.attempts == 3)
    try await store.commit([
      .page(page(1, links: [2, 3])), .settled(id: 2, state: .skipped, reason: "robots.txt"),
    ])
    #expect(await store.pages[1]?.links.map(\.target) == [2, 3])
    #expect(await store.reasons == [2: "robots.txt", 3: "too deep"])
    #expect(await store.failures == [:])
  }
}
