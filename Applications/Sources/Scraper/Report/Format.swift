/// A length of time for people: `850 µs`, `12.3 ms`, `4.56 s`, `3 min 20 s`, `2 h 5 min`.
package func durationText(_ duration: Duration) -> String {
  let milliseconds = duration.milliseconds
  if milliseconds < 1 { return "\(Int((milliseconds * 1000).rounded())) µs" }
  if milliseconds < 1000 { return "\(threeDigits(milliseconds)) ms" }
  let seconds = milliseconds / 1000
  if seconds < 120 { return "\(threeDigits(seconds)) s" }
  let whole = Int(seconds)
  if whole < 7200 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(whole / 60 % 60) min"
}

/// A number of bytes for people, in powers of 1,024: `512 B`, `1.5 KB`, `64 MB`.
package func byteText(_ count: Int) -> String {
  var amount = Double(count)
  var unit = "B"
  for next in ["KB", "MB", "GB", "TB"] where amount >= 1024 {
    amount /= 1024
    unit = next
  }
  return unit == "B" ? "\(count) B" : "\(threeDigits(amount)) \(unit)"
}

/// A number with a comma between thousands.
package func countText(_ count: Int) -> String {
  var digits = String(count.magnitude)
  var groups: [String] = []
  while digits.count > 3 {
    groups.insert(String(digits.suffix(3)), at: 0)
    digits.removeLast(3)
  }
  return (count < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// `count` things by their name, in the singular for one.
package func countText(_ count: Int, _ thing: String) -> String {
  "\(countText(count)) \(thing)\(count == 1 ? "" : "s")"
}

/// About three digits: `1.23`, `12.3`, `123`, without zeros at the end.
package func threeDigits(_ number: Double) -> String {
  let places = number < 9.995 ? 2 : number < 99.95 ? 1 : 0
  return fixed(number, places, trimsZeros: true)
}

/// `number` with `places` digits behind the point.
package func fixed(_ number: Double, _ places: Int, trimsZeros: Bool = false) -> String {
  guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
  let factor = (0..<places).reduce(1.0) { result, _ in result * 10 }
  let scaled = Int((abs(number) * factor).rounded())
  let whole = String(scaled / Int(factor))
  var fraction = String(scaled % Int(factor))
  fraction = String(repeating: "0", count: max(0, places - fraction.count)) + fraction
  if trimsZeros { while fraction.hasSuffix("0") { fraction.removeLast() } }
  let sign = number < 0 && scaled > 0 ? "-" : ""
  return places == 0 || fraction.isEmpty ? sign + whole : "\(sign)\(whole).\(fraction)"
}

extension String {
  /// The text without what would move the cursor or worse on a terminal: servers write parts of our messages.
  var printable: String {
    let scalars = unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// The text behind spaces up to `width` characters.
  package func padded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }

  /// The text followed by spaces up to `width` characters.
  package func leftPadded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
