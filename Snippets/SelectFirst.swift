// Wait for the first of several things, and do only that.

import Bakery

// snippet.hide
enum Step: Equatable { case order(Int), saved, full, late }

let orders = Channel<Int>(capacity: 4, name: "orders")
let ovens = AsyncSemaphore(limit: 1, name: "ovens")
let shutdown = Channel<Never>(capacity: 0, name: "shutdown")
try orders.sender.trySend(7)
// snippet.show

// snippet.select
// An order if there is one; nothing more if the shop closes; a look at the dough every 20 ms.
func next() async throws -> String {
  try await select {
    orders.receiver.receiving { order in
      order.map { "bake order \($0)" } ?? "no more orders"
    }
    shutdown.receiver.receiving { _ in "the shop closes" }
    sleeping(until: .after(.milliseconds(20))) { "look at the dough" }
  }
}
// snippet.end

let first = try await next()
let second = try await next()
shutdown.sender.close()
let third = try await next()
print(first, second, third, separator: ", ")
// snippet.hide
precondition(first == "bake order 7")
precondition(second == "look at the dough")
precondition(third == "the shop closes")
let loaves = Channel<Int>(capacity: 1, name: "loaves")
var stock = [1, 2, 3]
// snippet.show

// snippet.sending
// Put out a loaf as soon as there is room on the shelf, and take orders meanwhile.
while let loaf = stock.first {
  let isDone = try await select {
    loaves.sender.sending(loaf) {
      stock.removeFirst()
      return false
    }
    orders.receiver.receiving { order in order == nil }
    sleeping(until: .after(.milliseconds(20))) { true }
  }
  if isDone { break }
}
// snippet.end

// snippet.hide
precondition(stock == [2, 3])
print("\(stock.count) loaves are left")
// snippet.show

// snippet.acquiring
// Whatever oven is free first; the permit is given back at the end of the body.
let spare = AsyncSemaphore(limit: 2, name: "spare oven")
let oven = try await select {
  ovens.acquiring { permit in
    permit.release()
    return "oven"
  }
  spare.acquiring(2) { permit in
    permit.release()
    return "spare oven"
  }
}
// snippet.end

// snippet.hide
precondition(oven.hasSuffix("oven"))
precondition(spare.snapshot()["available"] == 2)
let takesOrders = false
try orders.sender.trySend(8)
// snippet.show

// snippet.conditional
// Clauses may depend on a condition, and there may be one for each of a list.
let shops = (0..<3).map { Channel<Int>(capacity: 1, name: "shop \($0)") }
try shops[2].sender.trySend(40)
let delivery = try await select {
  if takesOrders {
    orders.receiver.receiving { $0 ?? 0 }
  }
  for shop in shops {
    shop.receiver.receiving { $0 ?? 0 }
  }
}
// snippet.end

// snippet.hide
precondition(delivery == 40)
print("\(delivery) loaves to deliver")
// snippet.show
