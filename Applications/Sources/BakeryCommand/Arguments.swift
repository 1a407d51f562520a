internal import ArgumentParser
internal import Scraper

/// A length of time on the command line: `90`, `1.5s`, `200ms`, `2m`, `1h30m`; a bare number is in seconds.
struct DurationArgument: ExpressibleByArgument, Sendable {
  let duration: Duration

  init(_ duration: Duration) {
    self.duration = duration
  }

  var defaultValueDescription: String { durationText(duration) }

  init?(argument: String) {
    var total = Duration.zero
    var rest = Substring(argument)
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let number = Double(digits), number.isFinite,
        let seconds = Self.units[String(unit)], number * seconds < 1e9
      else { return nil }
      total += .seconds(number * seconds)
    }
    duration = total
  }

  private static let units = ["": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0]
}

/// A number of bytes on the command line: `65536`, `64KB`, `64MB`, `1.5GB`, in powers of 1,024.
struct BytesArgument: ExpressibleByArgument, Sendable {
  let count: Int

  init(megabytes: Int) {
    count = megabytes << 20
  }

  var defaultValueDescription: String { byteText(count) }

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = argument.dropFirst(digits.count).lowercased()
    guard let number = Double(digits), let factor = Self.units[unit],
      number * factor >= 1, number * factor < 1e15
    else { return nil }
    count = Int(number * factor)
  }

  private static let units: [String: Double] = [
    "": 1, "b": 1, "kb": 1024, "k": 1024, "kib": 1024, "mb": 1_048_576, "m": 1_048_576,
    "mib": 1_048_576, "gb": 1_073_741_824, "g": 1_073_741_824, "gib": 1_073_741_824,
  ]
}
