/// What a sample site answers at one path.
package struct SamplePage: Sendable {
  /// The status code.
  package var status = 200
  /// The header fields but for those that any server adds.
  package var headers: [(name: String, value: String)]
  /// The body.
  package var body: [UInt8]
  /// How long the server waits before it answers.
  package var latency = Duration.zero
  /// Over what time the body then trickles in.
  package var drip = Duration.zero
  /// Whether the first request gets 503 with `Retry-After: 1` instead, and only further ones this page.
  package var isBusyAtFirst = false
  /// The title, empty for what is not HTML.
  package var title = ""
  /// The links in the order of the document.
  package var links: [SampleLink] = []

  /// The value of the header field called `name`, which is in lower case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name }?.value
  }

  /// What the first request of a page gets that is busy at first.
  package var busyAnswer: SamplePage {
    var answer = SamplePage(text: "503: sold out, ask again in a second\n")
    answer.status = 503
    answer.headers.append((name: "Retry-After", value: "1"))
    answer.latency = latency
    return answer
  }

  init(type: String, _ body: [UInt8]) {
    headers = [(name: "Content-Type", value: type)]
    self.body = body
  }

  init(text: String) {
    self.init(type: "text/plain; charset=utf-8", Array(text.utf8))
  }

  init(redirectTo location: String) {
    self.init(text: "moved to \(location)\n")
    status = 301
    headers.append((name: "Location", value: location))
  }
}
