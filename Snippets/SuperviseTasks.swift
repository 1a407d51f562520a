// Keep tasks running, and give up when restarting is no help any more.

import Bakery

// snippet.hide
struct Overheated: Error {}

let orders = Channel<String>(capacity: 8)
let heat = Channel<Void>(capacity: 1)

func openShop() async throws -> Int { 7777 }
func takeOrders() async throws { try await sleep(until: .never) }
func bake() async throws {
  if heat.receiver.tryReceive() != nil { throw Overheated() }
  for try await order in orders.receiver { print("baked \(order)") }
}
try heat.sender.trySend(())
// snippet.show

// snippet.supervisor
// The shop needs the oven: if the oven has to be restarted, the shop is too. Three restarts a minute are enough.
try await withSupervisor(
  .restForOne,
  intensity: .init(3, within: .seconds(60)),
  backoff: .exponential(from: .milliseconds(10), upTo: .seconds(1)),
  name: "bakery"
) { supervisor in
  try await supervisor.start("oven", restart: .transient) {
    try await bake()
  }
  // snippet.started
  // A child that has to get ready says when it is, and what others need to know.
  let port = try await supervisor.start("shop") { started in
    let port = try await openShop()
    started(port)
    try await takeOrders()
  }
  print("open on port \(port)")
  // snippet.end
  for order in ["bread", "cake"] { try await orders.sender.send(order) }
  orders.sender.close()
  // snippet.hide
  precondition(port == 7777)
  while supervisor.snapshot()["children"] == 2 { try await sleep(until: .after(.milliseconds(1))) }
  precondition(supervisor.snapshot()["restarts"] == 1)
  // snippet.show
}
// Here the shop has been stopped, and then the oven.
// snippet.end
