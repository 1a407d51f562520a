import Bakery

/// What is called: succeeds at once, and the compiler does not know.
@inline(never)
private func service(_ number: Int) async throws -> Int {
  if number < 0 { throw WrongResult("a negative number: \(number)") }
  return number &* 31
}

@inline(__always)
private func each(_ call: (Int) async throws -> Int) async throws -> Figure {
  try await Figure.perOperation { count in
    var sum = 0
    for number in 0..<count { sum &+= try await call(number) }
    try WrongResult.check("sum", sum, expected: 31 &* (count &* (count - 1) / 2))
  }
}

enum BakeryRetry {
  static func firstAttemptSucceeds() async throws -> Figure {
    let schedule = Schedule.exponential(from: .milliseconds(100), upTo: .seconds(5)).attempts(5)
    let budget = RetryBudget(reserve: 100)
    return try await each { number in
      try await retry(schedule, budget: budget) { try await service(number) }
    }
  }
}

/// The call alone.
enum FloorRetry {
  static func firstAttemptSucceeds() async throws -> Figure {
    try await each { try await service($0) }
  }
}
