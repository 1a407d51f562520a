// Hand one answer from the task that works to the task that asked.

import Bakery

// snippet.oneshot
// Each job carries the end through which its answer goes back.
struct Job: Sendable {
  let word: String
  let answer: Oneshot<Int>.Sender
}

let jobs = Channel<Job>(capacity: 16, name: "jobs")
let worker = jobs.receiver

func count(_ word: String, deadline: Deadline) async throws -> Int {
  // The function gives the sending end away: if the worker dies, the wait ends with an error.
  let receiver: Oneshot<Int>.Receiver
  do {
    let oneshot = Oneshot<Int>(name: "length of \(word)")
    receiver = oneshot.receiver
    try await jobs.sender.send(Job(word: word, answer: oneshot.sender), deadline: deadline)
  }
  return try await receiver.receive(deadline: deadline)
}

async let work: Void = {
  for try await job in worker where !job.answer.isCancelled {
    try? job.answer.send(job.word.count)
  }
}()

let length = try await count("croissant", deadline: .after(.seconds(5)))
print("croissant has \(length) letters")
// snippet.end

// snippet.hide
precondition(length == 9)
jobs.sender.close()
try await work
// snippet.show
