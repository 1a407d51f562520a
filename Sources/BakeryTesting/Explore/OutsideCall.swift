internal import Bakery
internal import CBakeryRuntime

/// Calls of explored code that begin something which no schedule decides.
enum OutsideCall {
  /// Where a thread is that does not get on, and in which function of the system: for example `in read, called at Site.swift:12 load()`.
  static func text(ofBlocked calls: [UInt]) -> String {
    let place = text(ofCalls: calls)
    guard let innermost = calls.first, !place.isEmpty,
      let called = CodePlace.places(of: [innermost])[innermost], called.isOfOthers,
      !called.function.isEmpty
    else { return place }
    return "in \(called.function.drop { $0 == "_" }), called \(place)"
  }

  /// Texts by address, because to find one out starts a program.
  private static let texts = Guarded<[[UInt]: String]>([:])

  /// Ends to watch the calling thread, and tells the first such call since that began.
  // Safe because the type of an executor's object lives as long as the program.
  static var first: String? {
    bakery_outside_watch(0)
    guard let call = bakery_outside_first(), call.pointee.count > 0, let api = call.pointee.api
    else { return nil }
    let calls = withUnsafeBytes(of: call.pointee.frames) { bytes in
      Array(bytes.bindMemory(to: UInt.self).prefix(Int(call.pointee.count)))
    }
    let name = String(cString: api)
    guard let type = call.pointee.type else { return "\(name) \(text(ofCalls: calls))" }
    let executor = "\(unsafeBitCast(type, to: Any.Type.self))"
    return "an actor with an \(name) of its own (\(executor)) \(text(ofCalls: calls))"
  }

  /// Where the innermost of `calls` is that is neither the system's nor the toolkit's, for example `at Site.swift:12 load()`.
  static func text(ofCalls calls: [UInt]) -> String {
    if let text = texts.withLockUnobserved({ $0[calls] }) { return text }
    let places = CodePlace.places(of: Set(calls))
    let known = calls.compactMap { places[$0] }.filter { !$0.isOfOthers && !$0.text.isEmpty }
    let place = known.first { $0.location != nil } ?? known.first
    let text = place.map { "at \($0.text)" } ?? ""
    texts.withLockUnobserved { $0[calls] = text }
    return text
  }
}
