import Bakery
import Glibc

/// A server for limiters to be tried on: workers, a queue before them, and a network around them.
struct SimulatedServer: Sendable {
  /// How long a request keeps a worker, as a multiple of the mean.
  enum Service: Sendable {
    case deterministic
    case exponential
    case logNormal(sigma: Double)
    /// Heavy-tailed; no request takes more than a thousand times the shortest.
    case pareto(alpha: Double)

    func draw(_ random: inout RandomSourceGenerator) -> Double {
      let chance = Double.random(in: 1e-12..<1, using: &random)
      switch self {
      case .deterministic: return 1
      case .exponential: return -log(chance)
      case .logNormal(let sigma):
        let angle = Double.random(in: 0..<(2 * .pi), using: &random)
        return exp(sigma * (-2 * log(chance)).squareRoot() * cos(angle) - sigma * sigma / 2)
      case .pareto(let alpha):
        let most = 1000.0
        let part = 1 - pow(most, -alpha)
        let mean = alpha / (alpha - 1) * (1 - pow(most, 1 - alpha)) / part
        return pow(1 - chance * part, -1 / alpha) / mean
      }
    }
  }

  /// What the server can do from a time on.
  struct Capacity: Sendable {
    /// Seconds from the start.
    var time: Double
    var workers: Int
    /// The mean service time in seconds.
    var mean: Double
  }

  var seed: UInt64
  var service: Service
  /// From the start on, and after each step.
  var capacities: [Capacity]
  /// Seconds to the server and back.
  var network: Double
  /// How many requests wait for a worker before the next is rejected.
  var queue: Int
  /// Seconds.
  var duration = 180.0

  /// The server that belongs to `seed`.
  ///
  /// 1 to 64 workers, mean service time 10 to 200 ms, network from a twentieth of that to ten times that, each log-uniform. Every
  /// second one has no bound to its queue, the others 4 and 1 to 8 for each worker. Every second one has two steps, after a
  /// minute each, to a quarter to four times the workers or the service time.
  init(seed: UInt64) {
    self.seed = seed
    var random = SeededRandom(seed: seed).generator
    func spread(_ low: Double, _ high: Double) -> Double {
      exp(Double.random(in: log(low)...log(high), using: &random))
    }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: service = .deterministic
    case 1: service = .exponential
    case 2: service = .logNormal(sigma: Double.random(in: 0.5...1.5, using: &random))
    default: service = .pareto(alpha: Double.random(in: 1.5...2.5, using: &random))
    }
    let (workers, mean) = (Int(spread(1, 64).rounded()), spread(0.01, 0.2))
    network = mean * spread(0.05, 10)
    let hasBound = Bool.random(using: &random)
    queue = hasBound ? 4 + Int(Double(workers) * spread(1, 8)) : .max
    capacities = [Capacity(time: 0, workers: workers, mean: mean)]
    guard Bool.random(using: &random) else { return }
    for step in 1...2 {
      let factor = spread(0.25, 4)
      var capacity = Capacity(time: Double(60 * step), workers: workers, mean: mean)
      if Bool.random(using: &random) {
        capacity.workers = min(64, max(1, Int((Double(workers) * factor).rounded())))
      } else {
        capacity.mean = min(0.2, max(0.01, mean * factor))
      }
      capacities.append(capacity)
    }
  }

  /// How many requests can be done in a second of that time.
  func throughput(at time: Double) -> Double {
    let capacity = capacities.last { $0.time <= time } ?? capacities[0]
    return Double(capacity.workers) / capacity.mean
  }
}

/// Time that the event loop of a simulation moves; alarms come through the loop too.
// Safe because a simulation runs on one thread, and its limiters are nobody else's.
final class SimulatedTime: TimeSource, @unchecked Sendable {
  struct Alarm {
    let number: UInt64
    let time: Deadline
    let target: any TimerTarget
    let tag: UInt64
  }

  var now = Deadline(nanoseconds: 0)
  private var alarms: [Alarm] = []
  private var lastNumber: UInt64 = 0

  func schedule(_ target: any TimerTarget, tag: UInt64, at deadline: Deadline) -> TimerID {
    lastNumber += 1
    alarms.append(Alarm(number: lastNumber, time: deadline, target: target, tag: tag))
    alarms.sort { $0.time > $1.time }
    return TimerID(rawValue: lastNumber)
  }

  func cancel(_ timer: TimerID) { alarms.removeAll { $0.number == timer.rawValue } }

  var next: Deadline { alarms.last?.time ?? .never }

  func fireFirst() {
    if let alarm = alarms.popLast() { alarm.target.timerFired(tag: alarm.tag) }
  }
}
