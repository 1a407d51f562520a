@testable import BakeryTesting
import Testing

@Suite struct ReplayStringTests {
  @Test(arguments: [
    [], [1], [0, 0, 3], [5, 0, 200, 70_000], Array(repeating: 0, count: 1000) + [1],
    (0..<300).map { $0 * 7 % 5 } + [1],
  ])
  func `a text gives back what it was made of`(choices: [Int]) throws {
    for seed in [0, 1, 127, 128, UInt64.max] {
      let replay = ReplayString(test: 0xABCDEF, seed: seed, cancelledStep: 17, choices: choices)
      #expect(try ReplayString(replay.text, test: 0xABCDEF) == replay)
      #expect(try ReplayString(replay.text.uppercased(), test: 0xABCDEF) == replay)
    }
  }

  @Test func `the order of readiness costs nothing at the end and little between`() {
    let usual = ReplayString(test: 1, seed: 0, choices: Array(repeating: 0, count: 500))
    #expect(usual.choices.isEmpty)
    let one = ReplayString(test: 1, seed: 0, choices: Array(repeating: 0, count: 500) + [1])
    #expect(one.text.count <= usual.text.count + 5)
  }

  @Test func `a text of another test is refused with the reason`() {
    let text = ReplayString(test: 1, seed: 2, choices: [1]).text
    let mismatch = #expect(throws: ReplayString.Mismatch.self) { try ReplayString(text, test: 2) }
    #expect(mismatch?.description.contains("another test") == true)
  }

  @Test func `a text of another version is refused with the reason`() {
    // The version is the first byte, in the first two letters: 2 instead of 1.
    let text = "08" + ReplayString(test: 1, seed: 2, choices: [1]).text.dropFirst(2)
    let mismatch = #expect(throws: ReplayString.Mismatch.self) { try ReplayString(text, test: 1) }
    #expect(mismatch?.description.contains("version 2") == true)
  }

  @Test func `a text with a changed or missing letter is refused`() {
    let text = ReplayString(test: 77, seed: 12345, choices: [1, 0, 2, 4]).text
    for index in text.indices.dropFirst(2) {
      var changed = text
      changed.replaceSubrange(index...index, with: text[index] == "7" ? "8" : "7")
      guard changed.dropLast() != text.dropLast() else { continue }
      #expect(throws: ReplayString.Mismatch.self) { try ReplayString(changed, test: 77) }
    }
    for length in 0..<text.count - 1 {
      #expect(throws: ReplayString.Mismatch.self) {
        try ReplayString(String(text.prefix(length)), test: 77)
      }
    }
    for text in ["", "hello world", "u", "äöü"] {
      #expect(throws: ReplayString.Mismatch.self) { try ReplayString(text, test: 77) }
    }
  }

  @Test func `tests are told apart by file and function`() {
    let one = ReplayString.test(file: "A/B.swift", function: "f()")
    #expect(one == ReplayString.test(file: "A/B.swift", function: "f()"))
    #expect(one != ReplayString.test(file: "A/B.swift", function: "g()"))
    #expect(one != ReplayString.test(file: "A/C.swift", function: "f()"))
  }
}
