/// A timeline as the JSON that its page reads.
struct TimelineData {
  let json: String

  init(_ timeline: Timeline, _ report: CrawlReport, _ settings: CrawlSettings, _ seeds: [String]) {
    var object = JSONObject()
    object.set("seeds", list: seeds)
    object.set("model", settings.model.rawValue)
    // An automatic crawl has slots that it never needed.
    let width = settings.isAutomatic ? max(1, timeline.laneCount) : settings.width
    object.set("width", settings.model == .sequential ? 1 : width)
    object.set("automatic", settings.isAutomatic)
    object.set("perHost", settings.perHost)
    object.set("seconds", report.wall.milliseconds / 1000, places: 6)
    object.set("pages", report.counts.pages)
    object.set("others", report.counts.others)
    object.set("failures", report.counts.failureCount)
    object.set("bytes", report.counts.bytes)
    object.set("peak", report.counts.inFlightPeak)
    object.set("dropped", timeline.dropped)
    object.set("kinds", list: Timeline.Kind.allCases.map { "\($0)" })
    object.set("notes", list: timeline.notes)
    object.set("urls", list: timeline.urls)
    // lane, kind, begin and end in microseconds, url, status, note
    let spans = timeline.spans.map {
      "\($0.lane),\($0.kind.rawValue),\($0.begin),\($0.end),\($0.url),\($0.status),\($0.note)"
    }
    object.set("spans", raw: "[\(spans.joined(separator: ","))]")
    json = object.text
  }
}
