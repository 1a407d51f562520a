internal import Glibc

/// The value of the `Date` field, formatted once a second.
struct HTTPDate {
  private var second: time_t?
  private var text = ""

  /// The value for `second`, which is counted from the start of 1970.
  ///
  /// Form: RFC 9110, 5.6.7, `Sun, 06 Nov 1994 08:49:37 GMT`.
  mutating func value(at second: time_t) -> String {
    guard second != self.second else { return text }
    self.second = second
    var (input, date) = (second, tm())
    gmtime_r(&input, &date)
    let clock = [date.tm_hour, date.tm_min, date.tm_sec].map(twoDigits).joined(separator: ":")
    let (weekday, month) = (weekdays[Int(date.tm_wday)], months[Int(date.tm_mon)])
    text = "\(weekday), \(twoDigits(date.tm_mday)) \(month) \(1900 + date.tm_year) \(clock) GMT"
    return text
  }
}

private func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

private let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
private let months = [
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]
