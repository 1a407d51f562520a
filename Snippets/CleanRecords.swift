// Clean, transform, load: CSV in, JSON lines out, bad lines aside with their reason, in constant memory.
//
// `swift run -c release CleanRecords 1000` does it for a file of 1000 MB, with a peak of 20 MB of memory, as for one of 10 MB.

import Bakery
import Glibc

// snippet.hide
let megabytes = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2
let (csv, jsonLines, badLines) = (fileno(tmpfile()), fileno(tmpfile()), fileno(tmpfile()))

func write(_ bytes: [UInt8], to file: Int32) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    precondition(written > 0, "cannot write: error \(errno)")
    rest = rest.dropFirst(written)
  }
}

/// Writes about so many megabytes, every hundredth line of it bad.
func writeSample(megabytes: Int, to file: Int32) -> (good: Int, bad: Int) {
  var (good, bad, size) = (0, 0, 0)
  while size < megabytes * 1_000_000 {
    var text = ""
    for _ in 0..<1000 {
      let number = good + bad
      if number % 100 == 42 {
        text += number % 200 == 42 ? "\(number),Nobody,twelve\n" : "\(number),half a line\n"
        bad += 1
      } else {
        text += "\(number),  Customer \(number % 977)  ,\(number % 500).\(10 + number % 90)\n"
        good += 1
      }
    }
    let bytes = Array(text.utf8)
    write(bytes, to: file)
    size += bytes.count
  }
  lseek(file, 0, SEEK_SET)
  return (good, bad)
}

/// Lines of a file from some line on, without the last line end.
struct Lines: Sendable {
  var first: Int
  var bytes: [UInt8]
}

/// A file in pieces of about 64 KB that end with whole lines.
struct Pieces: Sequence, IteratorProtocol {
  let file: Int32
  private var rest: [UInt8] = []
  private var line = 1

  init(of file: Int32) { self.file = file }

  mutating func next() -> Lines? {
    var bytes = rest
    rest = []
    while true {
      let read = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
        count = Swift.max(Glibc.read(file, buffer.baseAddress, buffer.count), 0)
      }
      let end = read.lastIndex(of: 10)
      bytes += read[..<(end ?? read.endIndex)]
      guard end != nil || read.isEmpty else { continue }
      if let end { rest = Array(read[(end + 1)...]) }
      guard !bytes.isEmpty else { return nil }
      let lines = Lines(first: line, bytes: bytes)
      line += bytes.count { $0 == 10 } + 1
      return lines
    }
  }
}

struct BadLine: Error {
  let reason: String
}

func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  var field = field
  while field.first == 32 { field = field.dropFirst() }
  while field.last == 32 { field = field.dropLast() }
  return field
}

/// A whole number without a sign; `nil` for anything else.
func number(_ digits: ArraySlice<UInt8>) -> Int? {
  guard !digits.isEmpty, digits.count < 18 else { return nil }
  return digits.reduce(0 as Int?) { sum, digit in
    guard let sum, digit >= 48, digit <= 57 else { return nil }
    return sum * 10 + Int(digit - 48)
  }
}

/// A CSV line "id, name, amount" as JSON with the amount in cents; fields are not quoted in this file.
func json(_ line: ArraySlice<UInt8>, into output: inout [UInt8]) throws(BadLine) {
  let fields = line.split(separator: 44, omittingEmptySubsequences: false)
  guard fields.count == 3 else { throw BadLine(reason: "\(fields.count) fields instead of 3") }
  guard let id = number(trimmed(fields[0])) else { throw BadLine(reason: "the id is no number") }
  let amount = trimmed(fields[2]).split(separator: 46)
  guard amount.count == 2, amount[1].count == 2, let whole = number(amount[0]),
    let cents = number(amount[1])
  else { throw BadLine(reason: "the amount is no number with two decimals") }
  output += "{\"id\":\(id),\"name\":\"".utf8
  for byte in trimmed(fields[1]) {
    if byte == 34 || byte == 92 { output.append(92) }
    output.append(byte)
  }
  output += "\",\"cents\":\(whole * 100 + cents)}\n".utf8
}
// snippet.show

// snippet.clean
struct Cleaned: Sendable {
  var good: [UInt8] = []
  var bad: [UInt8] = []
}

/// The good lines as JSON, the bad ones with their number and what is wrong with them.
@Sendable nonisolated func clean(_ lines: Lines) -> Cleaned {
  var cleaned = Cleaned()
  for (number, line) in lines.bytes.split(separator: 10, omittingEmptySubsequences: false)
    .enumerated()
  {
    do throws(BadLine) {
      try json(line, into: &cleaned.good)
    } catch {
      cleaned.bad += "\(lines.first + number): \(error.reason): ".utf8 + line + [10]
    }
  }
  return cleaned
}
// snippet.end

// snippet.hide
let expected = writeSample(megabytes: megabytes, to: csv)
// snippet.show

// snippet.stages
let stages = Stages()

// A piece is some hundred lines. Two are cleaned at once, and come out in the order of the file.
let cleaned = stages.from(Pieces(of: csv), name: "read", buffer: 2)
  .map(name: "clean", width: 2) { clean($0) }
  .fanOut(2)

cleaned[0].map(name: "good") { $0.good }
  // Few large writes: a megabyte at a time, and nothing waits for more than a tenth of a second.
  .batch(count: 64, bytes: 1_000_000, within: .milliseconds(100)) { $0.count }
  .forEach(name: "load") { write(Array($0.joined()), to: jsonLines) }

cleaned[1].forEach(name: "put aside") { write($0.bad, to: badLines) }

try await stages.run()
// snippet.end

for snapshot in stages.snapshots() { print(snapshot) }

// snippet.hide
func countLines(_ file: Int32) -> Int {
  lseek(file, 0, SEEK_SET)
  var buffer = [UInt8](repeating: 0, count: 65_536)
  var lines = 0
  while case let count = read(file, &buffer, buffer.count), count > 0 {
    lines += buffer[..<count].count { $0 == 10 }
  }
  return lines
}

/// The most memory that this process has had at once.
func peakMegabytes() -> Int {
  guard let status = fopen("/proc/self/status", "r") else { return 0 }
  defer { fclose(status) }
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, 256, status) != nil {
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
      as: UTF8.self
    )
    guard text.hasPrefix("VmHWM:") else { continue }
    return text.split(separator: " ").lazy.compactMap { Int($0) }.first.map { $0 / 1024 } ?? 0
  }
  return 0
}

let peak = peakMegabytes()
print("\(megabytes) MB, \(expected.good) good and \(expected.bad) bad lines, peak \(peak) MB")
precondition(countLines(jsonLines) == expected.good)
precondition(countLines(badLines) == expected.bad)
precondition(peak > 0 && peak < 100)
// snippet.show
