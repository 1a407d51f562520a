import Bakery

let semaphore = AsyncSemaphore(limit: 4)
let answer = try await semaphore.withPermit { 6 * 7 }
print("withPermit:", answer)

let channel = Channel<Int>(capacity: 4)
try await withThrowingTaskGroup(of: Void.self) { group in
  group.addTask {
    for number in 1...10 { try await channel.sender.send(number) }
    channel.sender.close()
  }
  var sum = 0
  while let number = try await channel.receiver.receive() { sum += number }
  print("channel:", sum)
  try await group.waitForAll()
}

let doubled = try await gather(0..<10, width: 4) { $0 * 2 }
print("gather:", doubled)
