// The one list of suites, rows and sides. To add a row, add it here and, when a program of `peers`
// runs it too, to that program's list under the same name. A peer is left out of a row that it has no
// natural equivalent for.

extension Suite {
  static let all = [channels, synchronization, tasks, threads, parallel, limits, testing]

  static let channels = Suite(
    name: "channels",
    rows: [
      Row(
        "buffered 1024, one producer one consumer",
        unit: "ns per element",
        ours: { try await BakeryChannel.exchange(capacity: 1_024) },
        peers: [
          .go, .tokio,
          .standardLibrary { try await StandardStream.exchange() },
          .floor { try await FloorRing.exchange(capacity: 1_024) },
        ]
      ),
      Row(
        "buffered 1024, many producers one consumer",
        unit: "ns per element",
        ours: { try await BakeryChannel.exchange(capacity: 1_024, producers: 8) },
        peers: [
          .go, .tokio, .floor { try await FloorQueue.exchange(capacity: 1_024, producers: 8) },
        ]
      ),
      Row(
        "buffered 1024, many producers many consumers",
        unit: "ns per element",
        ours: { try await BakeryChannel.exchange(capacity: 1_024, producers: 8, consumers: 8) },
        peers: [
          .go, .asyncChannel,
          .floor { try await FloorQueue.exchange(capacity: 1_024, producers: 8, consumers: 8) },
        ]
      ),
      Row(
        "buffered 100, one producer one consumer",
        unit: "ns per element",
        ours: { try await BakeryChannel.exchange(capacity: 100) },
        peers: [.go, .tokio, .floor { try await FloorRing.exchange(capacity: 100) }]
      ),
      Row(
        "unbuffered, one producer one consumer",
        unit: "ns per element",
        ours: { try await BakeryChannel.exchange(capacity: 0) },
        peers: [
          .go,
          .asyncAlgorithms { try await AlgorithmsChannel.exchange() },
          .floor { try await FloorRendezvous.exchange() },
        ]
      ),
      Row(
        "unbuffered, many producers one consumer",
        unit: "ns per element",
        ours: { try await BakeryChannel.exchange(capacity: 0, producers: 8) },
        peers: [
          .go, .asyncAlgorithms { try await AlgorithmsChannel.exchange(producers: 8) },
          .floor { try await FloorQueue.exchange(capacity: 0, producers: 8) },
        ]
      ),
      Row(
        "unbuffered, one producer one consumer, thread pool",
        unit: "ns per element",
        ours: { try await onThreadPool { try await BakeryChannel.exchange(capacity: 0) } },
        peers: [.go, .floor { try await onThreadPool { try await FloorRendezvous.exchange() } }]
      ),
      Row(
        "unbuffered, many producers one consumer, thread pool",
        unit: "ns per element",
        ours: {
          try await onThreadPool { try await BakeryChannel.exchange(capacity: 0, producers: 8) }
        },
        peers: [
          .go,
          .floor {
            try await onThreadPool { try await FloorQueue.exchange(capacity: 0, producers: 8) }
          },
        ]
      ),
      // Tokio has no rendezvous: its channels hold one element.
      Row(
        "select over 6",
        unit: "ns per element",
        ours: { try await SelectRows.bakery() },
        peers: [
          .go, .tokio, .asyncAlgorithms { try await SelectRows.merge() },
          .floor { try await SelectRows.floor() },
        ]
      ),
      Row(
        "select over 6, thread pool",
        unit: "ns per element",
        ours: { try await onThreadPool { try await SelectRows.bakery() } },
        peers: [.go, .tokio, .floor { try await onThreadPool { try await SelectRows.floor() } }]
      ),
      Row(
        "broadcast to 1,000 receivers",
        unit: "ns per delivery",
        ours: { try await BroadcastRows.bakery() },
        peers: [.tokio, .floor { try await BroadcastRows.floor() }]
      ),
      Row(
        "broadcast to 1,000 receivers, thread pool",
        unit: "ns per delivery",
        ours: { try await onThreadPool { try await BroadcastRows.bakery() } },
        peers: [.tokio, .floor { try await onThreadPool { try await BroadcastRows.floor() } }]
      ),
    ] + PoolRows.ofChannels
  )

  static let synchronization = Suite(
    name: "synchronization",
    rows: [
      Row(
        "semaphore, uncontended acquire and release",
        unit: "ns per pair",
        ours: { try await BakerySemaphore.uncontended() },
        peers: [.go, .tokio, .floor { try await FloorCounter.uncontended() }]
      ),
      // The acquire-and-release figures of Go and Tokio are their scoped figures too.
      Row(
        "semaphore, scoped withPermit uncontended",
        unit: "ns per scope",
        ours: { try await BakerySemaphore.scoped() },
        peers: [.floor { try await FloorCounter.scoped() }]
      ),
      Row(
        "semaphore, 8 tasks on 1 permit, held across a yield",
        unit: "ns per section",
        ours: { try await BakerySemaphore.heldAcrossYield() },
        peers: [.go, .tokio, .floor { try await FloorSemaphore.heldAcrossYield() }]
      ),
      Row(
        "semaphore, 64 tasks on 8 permits, short section",
        unit: "ns per section",
        ours: { try await BakerySemaphore.shortSection() },
        peers: [.go, .tokio, .floor { try await FloorSemaphore.shortSection() }]
      ),
      Row(
        "mutex, uncontended",
        unit: "ns per section",
        ours: { try await BakeryMutex.uncontended() },
        peers: [.go, .tokio, .floor { try await FloorCounter.scoped() }]
      ),
      Row(
        "contended mutex, short section",
        unit: "ns per section",
        ours: { try await BakeryMutex.shortSection() },
        peers: [.go, .tokio, .floor { try await FloorMutex.shortSection() }]
      ),
      Row(
        "contended mutex, short section, thread pool",
        unit: "ns per section",
        ours: { try await onThreadPool { try await BakeryMutex.shortSection() } },
        peers: [
          .go, .tokio, .floor { try await onThreadPool { try await FloorMutex.shortSection() } },
        ]
      ),
      Row(
        "contended mutex, held across a yield",
        unit: "ns per section",
        ours: { try await BakeryMutex.heldAcrossYield() },
        peers: [.go, .tokio, .floor { try await FloorSemaphore.heldAcrossYield() }]
      ),
      Row(
        "contended mutex, held across a yield, thread pool",
        unit: "ns per section",
        ours: { try await onThreadPool { try await BakeryMutex.heldAcrossYield() } },
        peers: [
          .go, .tokio,
          .floor { try await onThreadPool { try await FloorSemaphore.heldAcrossYield() } },
        ]
      ),
      // The toolkit's internal lock, through the probe it keeps for this.
      Row(
        "lock, uncontended pair",
        unit: "ns per pair",
        ours: { try await LockRows.bakery(threads: 1) },
        peers: [
          .go, .rustStandardLibrary,
          .standardLibrary { try await LockRows.standardLibrary(threads: 1) },
          .floor { try await LockRows.adaptive(threads: 1) },
        ]
      ),
      Row(
        "lock, 4 threads, short section",
        unit: "ns per section",
        ours: { try await LockRows.bakery(threads: 4) },
        peers: [
          .go, .rustStandardLibrary,
          .standardLibrary { try await LockRows.standardLibrary(threads: 4) },
          .floor { try await LockRows.adaptive(threads: 4) },
        ]
      ),
      Row(
        "timer, insert and cancel beside 100,000",
        unit: "ns per pair",
        ours: { try await WaitRows.timerPair() },
        peers: []
      ),
      Row(
        "cancel 1,000 waiters",
        unit: "ns per waiter",
        ours: { try await WaitRows.cancelWaiters(1_000) },
        peers: [.floor { try await WaitRows.cancelBareWaiters(1_000) }]
      ),
      Row(
        "cancel 10,000 waiters",
        unit: "ns per waiter",
        ours: { try await WaitRows.cancelWaiters(10_000) },
        peers: [.floor { try await WaitRows.cancelBareWaiters(10_000) }]
      ),
      Row(
        "cancel 100,000 waiters",
        unit: "ns per waiter",
        ours: { try await WaitRows.cancelWaiters(100_000) },
        peers: [.floor { try await WaitRows.cancelBareWaiters(100_000) }]
      ),
    ] + PoolRows.ofSynchronization
  )

  static let tasks = Suite(
    name: "tasks",
    rows: [
      Row(
        "gather 1M, width 64",
        unit: "ns per item",
        ours: { try await Figure.withPeakMemory { try await BakeryGather.inputOrder() } },
        peers: [
          .go, .tokio,
          .standardLibrary {
            try await Figure.withPeakMemory { try await StandardGather.inputOrder() }
          },
          .floor { try await Figure.withPeakMemory { try await FloorGather.inputOrder() } },
        ]
      ),
      Row(
        "gather 1M, width 64, completion order",
        unit: "ns per item",
        ours: { try await BakeryGather.completionOrder() },
        peers: [
          .go, .tokio,
          .standardLibrary { try await StandardGather.completionOrder() },
          .floor { try await FloorGather.completionOrder() },
        ]
      ),
      Row(
        "gather 100k, width 64, each yields once",
        unit: "ns per item",
        ours: { try await BakeryGather.eachYields() },
        peers: [
          .go, .tokio,
          .standardLibrary { try await StandardGather.eachYields() },
          .floor { try await FloorGather.eachYields() },
        ]
      ),
      Row(
        "retry, first attempt succeeds",
        unit: "ns per call",
        ours: { try await BakeryRetry.firstAttemptSucceeds() },
        peers: [.floor { try await FloorRetry.firstAttemptSucceeds() }]
      ),
      Row(
        "stream 1M, width 64",
        unit: "ns per item",
        ours: { try await BakeryStream.inputOrder() },
        peers: [.tokio, .floor { try await FloorStream.run() }]
      ),
      Row(
        "stream 1M, width 64, completion order",
        unit: "ns per item",
        ours: { try await BakeryStream.completionOrder() },
        peers: [.go, .tokio]
      ),
      // Three hops: source to map, map to map, map to the end. A record of the row has passed all of them.
      Row(
        "stages, 3 hops, batches of 512",
        unit: "ns per record",
        ours: { try await BakeryStages.hops() },
        peers: [.go, .floor { try await FloorStages.hops() }]
      ),
      Row(
        "stages, 1M records put into batches of 512",
        unit: "ns per record",
        ours: { try await BakeryStages.batching() },
        peers: [.go, .floor { try await FloorStages.batching() }]
      ),
    ] + DeadlineRows.all + PolicyRows.all
  )

  static let threads = Suite(
    name: "threads",
    rows: [
      Row(
        "spawn and join",
        unit: "ns per task",
        ours: { try await onThreadPool { try await SchedulerWork.spawnAndJoin() } },
        peers: [.go, .tokio, .standardLibrary { try await SchedulerWork.spawnAndJoin() }]
      ),
      Row(
        "yield, 8 tasks",
        unit: "ns per yield",
        ours: { try await onThreadPool { try await SchedulerWork.yield() } },
        peers: [.go, .tokio, .standardLibrary { try await SchedulerWork.yield() }]
      ),
      // The same channel on both executors: what differs is the waking of the other side.
      Row(
        "ping-pong, unbuffered channel",
        unit: "ns per element",
        ours: { try await onThreadPool { try await BakeryChannel.exchange(capacity: 0) } },
        peers: [.go, .standardLibrary { try await BakeryChannel.exchange(capacity: 0) }]
      ),
      Row(
        "thread, start and join",
        unit: "ns per thread",
        ours: { try await ThreadStart.bakery() },
        peers: [
          .go, .rustStandardLibrary,
          Peer(name: "foundation", source: .swift { try await ThreadStart.foundation() }),
          .floor { try await ThreadStart.posix() },
        ]
      ),
      Row(
        "monitor, two threads in turn",
        unit: "ns per turn",
        ours: { try await MonitorPingPong.bakery() },
        peers: [.rustStandardLibrary, .floor { try await MonitorPingPong.posix() }]
      ),
      Row(
        "wake-up under load, 99th of 100",
        unit: "ns",
        ours: { try await WakeUp.bakery() },
        peers: [
          Peer(name: "dispatch", source: .swift { try await WakeUp.dispatch() }),
          .standardLibrary { try await WakeUp.standardLibrary() },
        ]
      ),
    ]
  )

  static let testing = Suite(
    name: "testing",
    rows: [
      .exploration("lost update", "lost-update", "release"),
      .exploration("lost update", "lost-update", "debug"),
      .exploration("philosophers 5", "philosophers", "release"),
      .exploration("philosophers 5", "philosophers", "debug"),
      .exploration("lost update, mode threads", "locked-update", "release"),
      .exploration("lost update, mode threads", "locked-update", "debug"),
    ]
  )

  static let parallel = Suite(
    name: "parallel",
    rows: [
      .parallel("hashing, 1,024 blocks of 4 kB", unit: "ns per block") { .hashing() },
      .parallel("convolution, 5×5 on 1,024×1,024", unit: "ns per line") { .convolution() },
      .parallel("sieve, primes below 4 million", unit: "ns per segment") { .sieve() },
    ]
  )

  static let limits = Suite(name: "limits", rows: LimitRows.all)
}
