// Tell many tasks what happens, and what holds now.

import Bakery

// snippet.broadcast
// Every open page follows the orders; a page that is too slow says so instead of holding up the others.
let orders = Broadcast<String>(capacity: 64, name: "orders")

func show(_ orders: Broadcast<String>.Receiver) async throws -> [String] {
  var lines: [String] = []
  for try await item in orders {
    switch item {
    case .element(let order): lines.append(order)
    case .lagged(let missed): lines.append("… \(missed) orders not shown …")
    }
  }
  return lines
}

// Subscribe before the task starts: a receiver sees what is sent from then on.
let (kitchen, counter) = (orders.subscribe(), orders.subscribe())
async let kitchenLines = show(kitchen)
async let counterLines = show(counter)

for order in ["two rolls", "a pretzel", "one rye"] {
  let pages = try orders.sender.send(order)
  print("\(order): told \(pages) pages")
}
orders.sender.close()
print(try await kitchenLines.count + counterLines.count, "lines on two pages")
// snippet.end

// snippet.hide
let pages = try await [kitchenLines, counterLines]
precondition(pages == Array(repeating: ["two rolls", "a pretzel", "one rye"], count: 2))
// snippet.show

// snippet.watch
// The oven's temperature: who looks wants the latest, and not each one on the way.
let oven = Watch(20, name: "oven")

func bake(_ oven: Watch<Int>.Receiver) async throws -> Int {
  // A variable of its own remembers what this task has seen.
  var oven = oven
  return try await oven.wait(deadline: .after(.seconds(5))) { $0 >= 220 }
}

async let heat = bake(oven.subscribe())
while try oven.sender.modify({ degrees in
  degrees += 50
  return degrees < 250
}) {
  await Task.yield()
}
try oven.sender.send(230)
print("baked at \(try await heat) degrees")
// snippet.end

// snippet.hide
let degrees = try await heat
precondition(degrees >= 220)
// snippet.show
