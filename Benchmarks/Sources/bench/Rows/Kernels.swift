/// A computation in independent items, as every side of a row in the suite `parallel` does it.
///
/// Each item gives a number; their sum is the checksum that all sides have to agree on.
struct Kernel: Sendable {
  let items: Int
  let work: @Sendable (Int) -> UInt64

  /// Bytes that look random, the same on every side: Knuth's linear congruential generator, its highest byte.
  private static func bytes(_ count: Int) -> [UInt8] {
    var state: UInt64 = 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(state >> 56)
    }
  }

  /// FNV-1a with 64 bits, of 1,024 blocks of 4,096 bytes.
  static func hashing() -> Kernel {
    let (blocks, size) = (1_024, 4_096)
    let input = bytes(blocks * size)
    return Kernel(items: blocks) { block in
      input.withUnsafeBufferPointer { input in
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in block * size..<(block + 1) * size {
          hash = (hash ^ UInt64(input[index])) &* 0x100_0000_01b3
        }
        return hash
      }
    }
  }

  /// A 5×5 binomial blur of a 1,024×1,024 image, a line at a time; borders are left out.
  static func convolution() -> Kernel {
    let side = 1_024
    let input = bytes(side * side)
    return Kernel(items: side - 4) { line in
      input.withUnsafeBufferPointer { input in
        // The weights are 1, 4, 6, 4, 1 in both directions.
        func row(_ start: Int) -> UInt32 {
          let (a, b, c) = (input[start], input[start &+ 1], input[start &+ 2])
          let (d, e) = (input[start &+ 3], input[start &+ 4])
          return UInt32(a) &+ 4 &* UInt32(b) &+ 6 &* UInt32(c) &+ 4 &* UInt32(d) &+ UInt32(e)
        }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: side) { output in
          for x in 2..<side - 2 {
            let start = line &* side &+ x &- 2
            let sum =
              row(start) &+ 4 &* row(start &+ side) &+ 6 &* row(start &+ 2 &* side)
              &+ 4 &* row(start &+ 3 &* side) &+ row(start &+ 4 &* side)
            output[x] = UInt8(truncatingIfNeeded: sum >> 8)
          }
          var checksum: UInt64 = 0
          for x in 2..<side - 2 {
            checksum &+= UInt64(output[x]) &* UInt64(truncatingIfNeeded: line &* side &+ x)
          }
          return checksum
        }
      }
    }
  }

  /// The primes below 2²², 32,768 numbers at a time, by the sieve of Eratosthenes; a segment gives their sum.
  static func sieve() -> Kernel {
    let (segments, size) = (128, 32_768)
    let primes = (2..<2_048).filter { number in !(2..<number).contains { number % $0 == 0 } }
    return Kernel(items: segments) { segment in
      let low = segment * size
      return primes.withUnsafeBufferPointer { primes in
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: size) { isComposite in
          isComposite.initialize(repeating: false)
          for prime in primes {
            var multiple = max(prime * prime, (low + prime - 1) / prime * prime) - low
            while multiple < size {
              isComposite[multiple] = true
              multiple &+= prime
            }
          }
          var sum: UInt64 = 0
          for number in 0..<size where !isComposite[number] && low &+ number >= 2 {
            sum &+= UInt64(truncatingIfNeeded: low &+ number)
          }
          return sum
        }
      }
    }
  }
}
