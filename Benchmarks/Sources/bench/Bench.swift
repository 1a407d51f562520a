import Foundation

@main
struct Bench {
  static let usage = """
    usage: bench run ROW SIDE
           bench suite NAME [--pairs 7] [--row TEXT] [--results DIR]
           bench servers [FIRST LAST]

    `run` measures one Swift side (bakery, swift-stdlib, async-algorithms or floor) of one row.
    `suite` measures all sides of the rows whose names contain TEXT, ours and each peer in turn.
    `servers` tries adaptive limiters on simulated servers, those of the seeds 1 to 100 or FIRST to LAST.

    suites: \(Suite.all.map(\.name).joined(separator: ", "))
    """

  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      switch arguments.first {
      case "run" where arguments.count == 3:
        print(try await measure(row: arguments[1], side: arguments[2]).line)
      case "suite":
        let options = try SuiteOptions(arguments.dropFirst())
        guard try SuiteRun(options).perform() else { exit(1) }
      case "servers":
        let seeds = arguments.dropFirst().compactMap { UInt64($0) }
        guard seeds.isEmpty || (seeds.count == 2 && seeds[0] <= seeds[1]) else {
          throw UsageError(usage)
        }
        ServerTable.print(seeds: seeds.isEmpty ? 1...100 : seeds[0]...seeds[1])
      case "--help", "-h":
        print(usage)
      default:
        throw UsageError(usage)
      }
    } catch let error as UsageError {
      printError(error.description)
      exit(2)
    } catch {
      printError("bench: \(error)")
      exit(1)
    }
  }

  private static func measure(row name: String, side: String) async throws -> Figure {
    guard let row = Suite.row(named: name) else {
      let names = Suite.all.flatMap(\.rows).map { "  \($0.name)" }.joined(separator: "\n")
      throw UsageError("bench: no row is named \"\(name)\"; the rows are\n\(names)")
    }
    guard let body = row.swiftSides[side] else {
      let sides = row.swiftSides.keys.sorted().joined(separator: ", ")
      throw UsageError("bench: \"\(name)\" has no Swift side \"\(side)\"; it has \(sides)")
    }
    return try await body()
  }
}

/// The command line asks for something that does not exist.
struct UsageError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func printError(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}
