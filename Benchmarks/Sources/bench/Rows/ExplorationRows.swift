import Foundation

/// Kernels that another program explores: BakeryTesting replaces the executors of the process that links it.
enum ExplorationRows {
  /// One run of the kernel, in nanoseconds, on `side` of the program that was built in that configuration.
  static func measure(_ kernel: String, _ side: String, _ configuration: String) throws -> Figure {
    let folder = try Places().package.appendingPathComponent(".build/\(configuration)")
    let program = folder.appendingPathComponent("explorations")
    let text = try Subprocess.run(program, [kernel, side])
    struct Value: Decodable { let value: Double }
    return Figure(value: try JSONDecoder().decode(Value.self, from: Data(text.utf8)).value)
  }
}

extension Row {
  static func exploration(_ name: String, _ kernel: String, _ configuration: String) -> Row {
    func side(_ side: String) -> Body {
      { try ExplorationRows.measure(kernel, side, configuration) }
    }
    return Row(
      "kernel: \(name), \(configuration)",
      unit: "ns per schedule",
      ours: side(Side.ours),
      peers: ["fifo", "stress"].map { Peer(name: $0, source: .swift(side($0))) }
    )
  }
}
