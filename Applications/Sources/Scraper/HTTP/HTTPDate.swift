/// Dates of header fields (RFC 9110, section 5.6.7).
enum HTTPDate {
  /// Seconds since 1970 of a date in one of the three forms, `nil` for anything else.
  ///
  /// They are `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
  /// `Sun Nov  6 08:49:37 1994`. Whether it was a Sunday is not checked. The century of a year with
  /// two digits is found from `now`, in seconds since 1970.
  static func parse(_ text: Substring, now: Int64) -> Int64? {
    let words = text.split(separator: " ")
    switch words.count {
    case 6 where isDay(words[0], of: shortDays) && words[5] == "GMT":
      return seconds(number(words[3], 4), words[2], number(words[1], 2), words[4])
    case 5 where shortDays.contains(words[0]):
      let day = number(words[2], 2) ?? number(words[2], 1)
      return seconds(number(words[4], 4), words[1], day, words[3])
    case 4 where isDay(words[0], of: longDays) && words[3] == "GMT":
      let date = words[1].split(separator: "-", omittingEmptySubsequences: false)
      guard date.count == 3, let year = number(date[2], 2) else { return nil }
      // The latest of the possible dates that is not more than 50 years ahead.
      return stride(from: 1900 + year, to: 10_000, by: 100)
        .compactMap { seconds($0, date[1], number(date[0], 2), words[2]) }
        .last { $0 - fiftyYears <= now }
    default: return nil
    }
  }

  /// Whether this is the name of a day with its comma.
  private static func isDay(_ word: Substring, of names: Set<Substring>) -> Bool {
    word.last == "," && names.contains(word.dropLast())
  }

  private static func seconds(
    _ year: Int64?,
    _ monthName: Substring,
    _ day: Int64?,
    _ time: Substring
  ) -> Int64? {
    guard let year, let day, let month = months.firstIndex(of: monthName), year >= 1 else {
      return nil
    }
    let isLeap = year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...lengths[month]).contains(day), let second = secondOfDay(time) else { return nil }
    let past = year - 1
    let daysToYear = past * 365 + past / 4 - past / 100 + past / 400 - daysTo1970
    return (daysToYear + lengths[..<month].reduce(day - 1, +)) * 86_400 + second
  }

  /// Reads `08:49:37`; a leap second counts as the one that follows it.
  private static func secondOfDay(_ time: Substring) -> Int64? {
    let parts = time.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let hour = number(parts[0], 2), let minute = number(parts[1], 2),
      let second = number(parts[2], 2), hour < 24, minute < 60, second <= 60
    else { return nil }
    return (hour * 60 + minute) * 60 + second
  }

  private static func number(_ text: Substring, _ digits: Int) -> Int64? {
    guard text.utf8.count == digits, text.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
    return Int64(text)
  }

  /// Days from the start of the year 1 to the start of 1970, in the Gregorian calendar.
  private static let daysTo1970: Int64 = 719_162
  private static let fiftyYears: Int64 = 50 * 31_556_952

  private static let shortDays: Set<Substring> = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let longDays: Set<Substring> = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]
  private static let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
