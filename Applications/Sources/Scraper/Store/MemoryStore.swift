/// Keeps a crawl in memory, for tests and simulations.
package actor MemoryStore: CrawlStore {
  private var found: [Int64: StoredURL] = [:]
  private var names: Set<String> = []
  /// Why a URL is in its state, where a record gave a reason.
  package private(set) var reasons: [Int64: String] = [:]
  package private(set) var pages: [Int64: PageRecord] = [:]
  package private(set) var failures: [Int64: FailureRecord] = [:]

  package init() {}

  /// Every URL, by rising `id`.
  package var urls: [StoredURL] { found.values.sorted { $0.id < $1.id } }

  package func load() -> [StoredURL] { urls }

  /// - Throws: `StoreError` for what SQLite would refuse too: a URL, a number or a page that is
  ///   already there, and a record of a URL that was never found.
  package func commit(_ batch: [CrawlRecord]) throws(StoreError) {
    try check(batch)
    for record in batch { apply(record) }
  }

  private func check(_ batch: [CrawlRecord]) throws(StoreError) {
    var newIDs: Set<Int64> = []
    var newNames: Set<String> = []
    var newPages: Set<Int64> = []
    for record in batch {
      let id: Int64
      let fits: Bool
      switch record {
      case .found(let url, _):
        id = url.id
        fits =
          found[id] == nil && newIDs.insert(id).inserted
          && !names.contains(url.url) && newNames.insert(url.url).inserted
      case .page(let page):
        id = page.id
        fits = isKnown(id) && pages[id] == nil && newPages.insert(id).inserted
      case .settled(let settled, _, _):
        id = settled
        fits = isKnown(id)
      case .failure(let failure):
        id = failure.id
        fits = isKnown(id)
      }
      guard fits else {
        throw .refused(path: "memory", reason: "a record of the URL \(id) does not fit")
      }
    }

    func isKnown(_ id: Int64) -> Bool { found[id] != nil || newIDs.contains(id) }
  }

  private func apply(_ record: CrawlRecord) {
    switch record {
    case .found(let url, let reason):
      found[url.id] = url
      names.insert(url.url)
      reasons[url.id] = reason
    case .page(let page):
      settle(page.id, .done, reason: nil)
      pages[page.id] = page
    case .settled(let id, let state, let reason):
      settle(id, state, reason: reason)
    case .failure(let failure):
      settle(failure.id, .failed, reason: nil)
      failures[failure.id] = failure
    }
  }

  private func settle(_ id: Int64, _ state: URLState, reason: String?) {
    found[id]?.state = state
    reasons[id] = reason
    failures[id] = nil
  }
}
