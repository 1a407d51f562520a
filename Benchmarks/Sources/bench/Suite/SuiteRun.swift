import Foundation

/// Measures the rows of a suite, each run in a process of its own, and publishes the result.
struct SuiteRun {
  private let options: SuiteOptions
  private let places: Places
  private let progress = Progress()

  init(_ options: SuiteOptions) throws {
    self.options = options
    places = try Places()
  }

  /// Returns whether every side that was started gave a figure.
  func perform() throws -> Bool {
    let environment = Environment(places)
    var samples: [RowSamples] = []
    for (number, row) in options.rows.enumerated() {
      samples.append(sample(row, number: number + 1))
    }
    progress.clear()
    let report = Report(options: options, environment: environment, samples: samples)
    print(Table(report).text)
    try publish(report)
    let failures = samples.flatMap(\.failures)
    for failure in failures { printError("bench: \(failure)") }
    return failures.isEmpty
  }

  /// Runs ours and each peer in turn, so that whatever else the machine does meanwhile hits both; who
  /// goes first alternates, since the second process finds a warmer machine.
  private func sample(_ row: Row, number: Int) -> RowSamples {
    var samples = RowSamples(row: row)
    var runnable = row.peers.filter { places.canRun($0) }
    for pair in 0..<options.pairs {
      progress.show(
        "\(options.suite.name) \(number)/\(options.rows.count) \(row.name): "
          + "pair \(pair + 1)/\(options.pairs)"
      )
      if runnable.isEmpty { samples.add(ours: runOurs(row, &samples)) }
      for (index, peer) in runnable.enumerated() {
        if (pair + index).isMultiple(of: 2) {
          let ours = runOurs(row, &samples)
          samples.add(ours: ours, peer: run(peer, of: row, &samples), named: peer.name)
        } else {
          let theirs = run(peer, of: row, &samples)
          samples.add(ours: runOurs(row, &samples), peer: theirs, named: peer.name)
        }
      }
      // A side that failed would fail again.
      runnable.removeAll { samples.failedSides.contains($0.name) }
    }
    return samples
  }

  private func runOurs(_ row: Row, _ samples: inout RowSamples) -> RunResult? {
    guard row.ours != nil, !samples.failedSides.contains(Side.ours) else { return nil }
    return run(places.bench, ["run", row.name, Side.ours], side: Side.ours, &samples)
  }

  private func run(_ peer: Peer, of row: Row, _ samples: inout RowSamples) -> RunResult? {
    switch peer.source {
    case .swift: run(places.bench, ["run", row.name, peer.name], side: peer.name, &samples)
    case .program(let name): run(places.peer(name), [row.name], side: peer.name, &samples)
    }
  }

  private func run(
    _ program: URL,
    _ arguments: [String],
    side: String,
    _ samples: inout RowSamples
  ) -> RunResult? {
    do {
      let output = try Subprocess.run(program, arguments)
      return try JSONDecoder().decode(RunResult.self, from: Data(output.utf8))
    } catch {
      samples.fail(side, "\(error)")
      return nil
    }
  }

  private func publish(_ report: Report) throws {
    guard options.isPublishable || options.results != nil else {
      print("\nNothing was written: the published figures need all rows and 7 pairs.")
      return
    }
    let folder = options.results.map { URL(fileURLWithPath: $0) } ?? places.results
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appendingPathComponent("\(options.suite.name).json")
    try report.json().write(to: file, options: .atomic)
    print("\nwritten: \(file.relativePath(from: FileManager.default.currentDirectoryPath))")
  }
}

/// The line a measuring process prints.
struct RunResult: Decodable {
  let value: Double
  let peakMemory: Double?
  let suspended: Double?
  let checksum: String?

  private enum CodingKeys: String, CodingKey {
    case value, suspended, checksum
    case peakMemory = "rss_mb"
  }
}

/// Says on a terminal what is being measured; a log gets nothing.
private struct Progress {
  private let isTerminal = isatty(STDERR_FILENO) == 1

  func show(_ text: String) { write("\r\u{1B}[K" + text) }

  func clear() { write("\r\u{1B}[K") }

  private func write(_ text: String) {
    if isTerminal { FileHandle.standardError.write(Data(text.utf8)) }
  }
}

extension URL {
  fileprivate func relativePath(from folder: String) -> String {
    path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
  }
}
