/// Rows that suspend, on a `ThreadPool`, beside their floor there; their other peers have no second executor.
enum PoolRows {
  static let ofChannels = [
    buffered("buffered 1024, one producer one consumer, thread pool", capacity: 1_024) {
      try await FloorRing.exchange(capacity: 1_024)
    },
    buffered("buffered 100, one producer one consumer, thread pool", capacity: 100) {
      try await FloorRing.exchange(capacity: 100)
    },
    buffered(
      "buffered 1024, many producers one consumer, thread pool",
      capacity: 1_024,
      producers: 8
    ) { try await FloorQueue.exchange(capacity: 1_024, producers: 8) },
    buffered(
      "buffered 1024, many producers many consumers, thread pool",
      capacity: 1_024,
      producers: 8,
      consumers: 8
    ) { try await FloorQueue.exchange(capacity: 1_024, producers: 8, consumers: 8) },
  ]

  static let ofSynchronization = [
    Row(
      "semaphore, 8 tasks on 1 permit, held across a yield, thread pool",
      unit: "ns per section",
      ours: { try await onThreadPool { try await BakerySemaphore.heldAcrossYield() } },
      peers: [.floor { try await onThreadPool { try await FloorSemaphore.heldAcrossYield() } }]
    ),
    Row(
      "semaphore, 64 tasks on 8 permits, short section, thread pool",
      unit: "ns per section",
      ours: { try await onThreadPool { try await BakerySemaphore.shortSection() } },
      peers: [.floor { try await onThreadPool { try await FloorSemaphore.shortSection() } }]
    ),
  ]

  private static func buffered(
    _ name: String,
    capacity: Int,
    producers: Int = 1,
    consumers: Int = 1,
    floor: @escaping @Sendable () async throws -> Figure
  ) -> Row {
    Row(
      name,
      unit: "ns per element",
      ours: {
        try await onThreadPool {
          try await BakeryChannel.exchange(
            capacity: capacity,
            producers: producers,
            consumers: consumers
          )
        }
      },
      peers: [.floor { try await onThreadPool(floor) }]
    )
  }
}
