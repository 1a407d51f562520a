package import Bakery

/// Sends requests; the engine's only way to the network.
///
/// An implementation follows no redirect and retries nothing: both are the engine's decisions.
package protocol Fetcher: Sendable {
  /// Sends a GET and returns when the head of the answer is there.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Throws: `FetchFailure`, or `CancellationError`.
  func fetch(_ request: FetchRequest) async throws -> FetchAnswer

  /// Whether the host of `url` has an address of this machine or of a private network.
  ///
  /// A name that is asked for through a proxy counts as public: only the proxy knows its address.
  ///
  /// > Cancellation: does not observe cancellation.
  ///
  /// - Throws: `FetchFailure` when the name has no address.
  func isPrivate(_ url: WebURL) async throws -> Bool
}

package struct FetchRequest: Sendable {
  package var url: WebURL
  package var headers: [(name: String, value: String)]
  /// When the head of the answer has to be there.
  package var deadline: Deadline
  /// Whether the body may come compressed; it is decompressed up to the largest size of a page.
  package var acceptsCompression = true
}

/// An answer whose body is still to be read; dropped before its end it closes its connection.
package struct FetchAnswer {
  package var status: Int
  package var headers: AnswerHeaders
  package var body: any AnswerBody

  package init(status: Int, headers: AnswerHeaders, body: any AnswerBody) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// Reads a body piece by piece; for one task.
package protocol AnswerBody: AnyObject {
  /// Waits for the next piece and hands it to `take`; `false` at the end of the body. A piece that comes after `deadline`
  /// is an error, even if others came before it.
  ///
  /// > Cancellation: takes nothing if cancelled before the grant; a grant that raced it is delivered.
  ///
  /// - Throws: `FetchFailure`, or `CancellationError`.
  func read(deadline: Deadline, _ take: (UnsafeRawBufferPointer) -> Void) async throws -> Bool
}

/// The header fields of an answer, in their order.
package struct AnswerHeaders: Sendable {
  private let fields: [(name: String, value: String)]

  package init(_ fields: [(name: String, value: String)]) {
    self.fields = fields.map { ($0.name.lowercased(), $0.value) }
  }

  /// The values of the fields called `name`, which is in lower case.
  package func all(_ name: String) -> [String] {
    fields.filter { $0.name == name }.map(\.value)
  }

  package subscript(name: String) -> String? {
    fields.first { $0.name == name }?.value
  }

  /// The length that the server promises, if it does.
  package var contentLength: Int? { self["content-length"].flatMap { Int($0) } }
}

/// Why a URL could not be fetched.
package struct FetchFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done.
  package enum Stage: String, Sendable {
    case resolve, connect, request, body, redirect, robots, status, rules
  }

  package var stage: Stage
  package var reason: String
  /// Whether the same request may succeed a little later.
  package var isTransient: Bool

  /// The status of the answer, if it is what failed.
  package var status: Int?
  /// Whether there was no answer, or not all of it, in time.
  package var isTimeout = false

  package init(_ stage: Stage, _ reason: String, isTransient: Bool, status: Int? = nil) {
    self.stage = stage
    self.reason = reason
    self.isTransient = isTransient
    self.status = status
  }

  /// A failure to get in time what may come another time.
  package static func timeout(_ stage: Stage, _ reason: String) -> FetchFailure {
    var failure = FetchFailure(stage, reason, isTransient: true)
    failure.isTimeout = true
    return failure
  }

  package var description: String { "\(stage.rawValue): \(reason)" }
}
