/// Where random numbers come from: the seam that makes a run repeatable from a seed.
///
/// @Snippet(path: "bakery/Snippets/TestInVirtualTime", slice: "random")
public protocol RandomSource: AnyObject, Sendable {
  /// The next 64 random bits; safe to call from several threads.
  func next() -> UInt64
}

extension RandomSource {
  /// A generator for the standard library's `random(in:using:)` and `shuffled(using:)`.
  public var generator: RandomSourceGenerator { RandomSourceGenerator(source: self) }
}

/// Lends a `RandomSource` to the standard library's random functions.
public struct RandomSourceGenerator: RandomNumberGenerator, Sendable {
  let source: any RandomSource

  /// The next 64 random bits of the source.
  public mutating func next() -> UInt64 { source.next() }
}

/// The operating system's random numbers.
public final class SystemRandom: RandomSource {
  /// The one instance.
  public static let shared = SystemRandom()

  private init() {}

  /// The next 64 random bits.
  public func next() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}

/// Random numbers that depend on the seed alone; not for secrets.
public final class SeededRandom: RandomSource {
  private let state: Guarded<SplitMix>

  /// Starts the sequence that belongs to `seed`.
  public init(seed: UInt64) {
    state = Guarded(SplitMix(seed: seed))
  }

  /// The next 64 bits of the sequence.
  public func next() -> UInt64 {
    state.withLockNoted { $0.next() }
  }
}

/// The same sequence as a value.
///
/// Algorithm: SplitMix64 (Steele, Lea, Flood, *Fast Splittable Pseudorandom Number Generators*, 2014).
@usableFromInline
package struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64

  @usableFromInline
  package init(seed: UInt64) {
    state = seed
  }

  @usableFromInline
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension Seams {
  private static let quick = SeededRandom(seed: SystemRandom.shared.next())

  /// Random bits for a choice: from the source in force, but not at a call of the kernel each if that is the system's.
  @usableFromInline
  static func choice() -> UInt64 {
    let source = random
    return source === SystemRandom.shared ? quick.next() : source.next()
  }
}
