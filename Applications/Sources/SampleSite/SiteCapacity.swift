internal import Bakery
internal import HTTPServer
internal import Synchronization

/// What the hosts of a sample site can bear: so many requests at work at one time on each, half as many in line, and 429 for
/// everybody beyond that.
///
/// A page takes its latency from when it is at work, so a client that asks for more at a time than a host has room for sees its pages
/// take longer, and one that asks for far more is refused.
final class SiteCapacity: Sendable {
  private let hosts: [Bulkhead]
  private let refused = Atomic<Int>(0)

  /// How many requests each host has at work at one time.
  let limit: Int
  /// How many may wait at each.
  var queue: Int { Self.queue(of: limit) }

  init(limit: Int, hosts: Int) {
    self.limit = limit
    self.hosts = (0..<hosts).map { host in
      Bulkhead(limit: limit, queue: Self.queue(of: limit), name: "host \(host)")
    }
  }

  private static func queue(of limit: Int) -> Int { max(1, limit / 2) }

  /// Answers with `answer` when the host has room, and with 429 when its line is full.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  func serve(host: Int, _ answer: () async throws -> Response) async throws -> Response {
    do {
      return try await hosts[host].withPermit { try await answer() }
    } catch is BulkheadFull {
      refused.add(1, ordering: .relaxed)
      var response = Response(status: 429, text: "429: this host is busy\n")
      response.headers["Retry-After"] = "1"
      return response
    }
  }

  /// How many requests have been refused, as JSON.
  var json: String {
    "{\"limit\":\(limit),\"queue\":\(queue),\"refused\":\(refused.load(ordering: .relaxed))}\n"
  }
}
