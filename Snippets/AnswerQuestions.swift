// Answers to questions that people ask about channels; docs/questions.md has the questions.

import Bakery

// snippet.who
// Three producers, one slow consumer, room for two: who waits?
let jobs = Channel<Int>(capacity: 2, name: "jobs")
var done: [Int] = []
var mostWaiting = 0

try await withThrowingTaskGroup { group in
  for producer in 0..<3 {
    let sender = jobs.sender
    group.addTask { for job in 0..<4 { try await sender.send(producer * 10 + job) } }
  }
  while done.count < 12, let job = try await jobs.receiver.receive() {
    // The producers wait in `send`, in the order of their calls, and hold one element each: no more than 5 exist.
    mostWaiting = max(mostWaiting, jobs.sender.snapshot()["senders waiting"] ?? 0)
    try await sleep(until: .after(.milliseconds(2)))
    done.append(job)
  }
  try await group.waitForAll()
}
// snippet.end

// snippet.hide
precondition(Set(done).count == 12)
precondition(mostWaiting <= 3)
print("\(done.count) jobs done, at most \(mostWaiting) producers waited")
// snippet.show

// snippet.newest
// Leave the new element out when there is no room: it comes back in the error.
let samples = Channel<Int>(capacity: 2, name: "samples")
var leftOut: [Int] = []
for sample in 0..<5 {
  do {
    try samples.sender.trySend(sample)
  } catch {
    leftOut.append(error.element)
  }
}
// snippet.end

// snippet.hide
precondition(leftOut == [2, 3, 4])
print("left out: \(leftOut)")
// snippet.show

// snippet.stop
// A worker that waits for work ends when the channel is closed, after what is in it; or at once, by cancellation.
let work = Channel<String>(capacity: 8, name: "work")
let worker = Task {
  var log: [String] = []
  for try await item in work.receiver { log.append(item) }
  return log
}
try await work.sender.send("last order")
work.sender.close()
let log = try await worker.value

let idle = Channel<String>(capacity: 8, name: "idle")
let waiter = Task { try await idle.receiver.receive() }
waiter.cancel()
let ended = await waiter.result
// snippet.end

// snippet.hide
precondition(log == ["last order"])
if case .success = ended { preconditionFailure("the wait was not ended") }
print("the worker did: \(log)")
// snippet.show

// snippet.drop
// A sender that outlives the receiver hears of it, and has its element back.
let letters = Channel<String>(capacity: 1, name: "letters")
letters.receiver.close()
var returned: String?
do {
  try await letters.sender.send("to nobody")
} catch let failure as SendFailure<String> {
  returned = failure.element
}
// snippet.end

// snippet.hide
precondition(returned == "to nobody")
print("returned: \(returned ?? "")")
// snippet.show
