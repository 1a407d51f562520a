import Bakery
import Testing

/// Mistakes of the programmer with `AsyncOnce`; see `MisuseTests`.
@Suite struct OnceMisuseTests {
  @Test func `a body that asks for the value that it computes`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let once = AsyncOnce<Int>(name: "configuration")
      _ = try await once.value { try await once.value { 1 } }
    }
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(output.contains("AsyncOnce \"configuration\""), "printed: \(output)")
    #expect(output.contains("the body that computes the value asks for it"))
  }
}
