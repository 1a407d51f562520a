extension SampleExpectation {
  /// The expectation as JSON, with an entry on every line.
  ///
  /// Durations are in milliseconds. Strings need no escapes: they are addresses and media types.
  package var json: String {
    let site = site
    let numbers = [
      "\"seed\": \(site.seed)", "\"pages\": \(site.pages)", "\"hosts\": \(site.hosts)",
      "\"start\": \(quoted(site.start))", "\"total\": \(total.milliseconds)",
      "\"criticalPath\": \(criticalPath.milliseconds)",
      "\"robots\": [\(robots.map { "\($0.milliseconds)" }.joined(separator: ", "))]",
    ]
    let lists = [
      list("stored", stored.map(object)), list("redirects", redirects.map(object)),
      list("failures", failures.map(object)), list("disallowed", disallowed.map(quoted)),
      list("nofollow", nofollow.map(quoted)),
    ]
    return "{\n" + (numbers + lists).joined(separator: ",\n") + "\n}\n"
  }

  private func list(_ name: String, _ items: [String]) -> String {
    "\"\(name)\": [\n\(items.joined(separator: ",\n"))\n]"
  }

  private func object(_ entry: Entry) -> String {
    var fields = [
      "\"url\": \(quoted(entry.url))", "\"status\": \(entry.status)",
      "\"type\": \(quoted(entry.type))",
      "\"bytes\": \(entry.bytes)", "\"latency\": \(entry.latency.milliseconds)",
      "\"depth\": \(entry.depth)",
    ]
    if entry.drip > .zero { fields.append("\"drip\": \(entry.drip.milliseconds)") }
    if entry.isBusyAtFirst { fields.append("\"busyAtFirst\": true") }
    if let location = entry.location { fields.append("\"location\": \(quoted(location))") }
    if !entry.links.isEmpty {
      fields.append("\"links\": [\(entry.links.map(quoted).joined(separator: ", "))]")
    }
    return "{\(fields.joined(separator: ", "))}"
  }

  private func quoted(_ text: String) -> String { "\"\(text)\"" }
}
