internal import CBakeryCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A thread of this process as the kernel shows it in `/proc/self/task`.
struct KernelThread: Sendable {
  let id: Int32
  let name: String
  /// `R` runs or would like to, `S` sleeps, `D` sleeps and takes no signal.
  let state: Character
  /// How often the thread left a processor: the same number twice means that it did not run in between, if it sleeps.
  let switches: Int

  var sleeps: Bool { state == "S" || state == "D" }

  /// Describes the thread with that number; `nil` when there is none.
  init?(_ id: Int32) {
    guard let text = readFile("/proc/self/task/\(id)/status") else { return nil }
    var values: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      values[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == "\t" }
    }
    guard let name = values["Name"], let state = values["State"]?.first else { return nil }
    self.id = id
    self.name = String(name)
    self.state = state
    switches = ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"]
      .compactMap { values[$0].flatMap { Int($0) } }.reduce(0, +)
  }

  /// All threads of the process.
  static var all: [KernelThread] {
    guard let folder = opendir("/proc/self/task") else { return [] }
    defer { closedir(folder) }
    var threads: [KernelThread] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let id = Int32(name), let thread = KernelThread(id) { threads.append(thread) }
    }
    return threads
  }

  /// In which function of the kernel the thread sleeps, if the kernel tells.
  var place: String? {
    let text = readFile("/proc/self/task/\(id)/wchan")
    return text == "0" || text?.isEmpty ?? true ? nil : text
  }

  /// The addresses of the thread's calls, from the innermost outwards; empty when it does not answer.
  ///
  /// Interrupts the thread: see `bakery_thread_frames`.
  func callStack(withinNanoseconds patience: Int64) -> [UInt] {
    withUnsafeTemporaryAllocation(of: UInt.self, capacity: Int(BAKERY_FRAMES_MAXIMUM)) { found in
      found.initialize(repeating: 0)
      guard let start = found.baseAddress else { return [] }
      return Array(found.prefix(Int(bakery_thread_frames(id, patience, start))))
    }
  }
}

/// The number of the calling thread, and where a thread is that does not answer otherwise: for the tester.
package enum ThreadPlace {
  /// The kernel's number of the calling thread.
  package static var currentThread: Int32 { bakery_thread_id() }

  /// The addresses of the thread's calls, from the innermost outwards.
  package static func calls(ofThread id: Int32, withinNanoseconds patience: Int64) -> [UInt] {
    KernelThread(id)?.callStack(withinNanoseconds: patience) ?? []
  }
}

/// The beginning of a small file; `nil` if it cannot be read.
private func readFile(_ path: String) -> String? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { bytes in
    let count = read(file, bytes.baseAddress, bytes.count)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
