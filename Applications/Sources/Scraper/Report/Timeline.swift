package import Bakery
internal import CPages

/// What every fetch slot did when, to be drawn.
///
/// Spans are kept in flat arrays, at most `spanMaximum` of them; later ones are only counted.
package struct Timeline: Sendable {
  /// What a slot does in a span.
  package enum Kind: UInt8, Sendable, CaseIterable {
    case waiting, fetching, parsing, storing
  }

  /// A stretch of one slot's time, in microseconds since the beginning.
  struct Span: Sendable {
    var lane: UInt16
    var kind: Kind
    var begin: Int64
    var end: Int64
    /// The place of the URL in `urls`; -1 while waiting.
    var url: Int32
    /// The HTTP status; 0 for a failure, -1 where there is none.
    var status: Int16
    /// Why it waits, or how the fetch failed: a place in `notes`, or -1.
    var note: Int16
  }

  /// How many slots did something.
  private(set) var laneCount = 0

  static let spanMaximum = 200_000

  private(set) var spans: [Span] = []
  private(set) var urls: [String] = []
  private(set) var notes: [String] = []
  /// Spans that were not kept.
  private(set) var dropped = 0
  private let begin: Deadline
  private var notePlaces: [String: Int16] = [:]

  package init(begin: Deadline) {
    self.begin = begin
  }

  /// Enters the spans of a page that is done: the wait before it, the fetch, the parse and the hand-over.
  mutating func record(_ result: PageResult, url: String) {
    guard spans.count + 4 <= Self.spanMaximum, urls.count < Int32.max else {
      dropped += 4
      return
    }
    let marks = result.marks
    let fetched = marks.fetched ?? marks.received
    let parsed = marks.parsed ?? fetched
    let (status, failure) = result.verdict
    urls.append(url)
    add(result, .waiting, result.job.freeSince, marks.received, note: result.job.waited.rawValue)
    add(result, .fetching, marks.received, fetched, status: status, note: failure)
    if parsed > fetched { add(result, .parsing, fetched, parsed, status: status) }
    add(result, .storing, parsed, marks.handed ?? parsed, status: status)
  }

  private mutating func add(
    _ result: PageResult,
    _ kind: Kind,
    _ from: Deadline,
    _ to: Deadline,
    status: Int = -1,
    note: String? = nil
  ) {
    let span = Span(
      lane: UInt16(clamping: result.job.slot),
      kind: kind,
      begin: microseconds(from),
      end: microseconds(to),
      url: kind == .waiting ? -1 : Int32(urls.count - 1),
      status: Int16(clamping: status),
      note: note.map { place(of: $0) } ?? -1
    )
    guard span.end > span.begin else { return }
    spans.append(span)
    laneCount = max(laneCount, result.job.slot + 1)
  }

  private func microseconds(_ time: Deadline) -> Int64 {
    (time.nanoseconds - begin.nanoseconds) / 1000
  }

  /// The place of a note.
  ///
  /// Failures name hosts and numbers, so there may be many: all above a thousand share the last place.
  private mutating func place(of note: String) -> Int16 {
    if let place = notePlaces[note] { return place }
    if notes.count >= 1000 { return Int16(notes.count - 1) }
    notes.append(notes.count == 999 ? "other" : note)
    let place = Int16(notes.count - 1)
    notePlaces[note] = place
    return place
  }

  /// Everything as one page that needs nothing else.
  package func page(_ report: CrawlReport, settings: CrawlSettings, seeds: [String]) -> String {
    let template = UnsafeBufferPointer(start: pages_timeline(), count: pages_timeline_count())
    let text = String(decoding: template, as: UTF8.self)
    // What ends a script element must not stand in its data.
    let data = TimelineData(self, report, settings, seeds).json.split(separator: "</")
      .joined(separator: "<\\/")
    let parts = text.split(separator: "/*DATA*/", maxSplits: 1, omittingEmptySubsequences: false)
    return "\(parts[0])\(data)\(parts.count > 1 ? parts[1] : "")"
  }
}

extension PageResult {
  /// The status of the answer, 0 without one, and how it failed.
  var verdict: (status: Int, failure: String?) {
    switch outcome {
    case .page(let answer, _, _, _), .recorded(let answer): (answer.status, nil)
    case .sitemap(let answer, _): (answer.status, nil)
    case .unindexed: (200, "noindex")
    case .redirect(let target): (300, "redirect to \(target)")
    case .failed(let failure, _): (0, failure.description)
    }
  }
}
