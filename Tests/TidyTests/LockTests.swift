import Testing

/// What happens under a lock must neither suspend nor wake anybody: the woken task would run into it.
func workUnderLock(_ file: SourceFile) -> [Finding] {
  guard file.isLibrary else { return [] }
  return heldRanges(file).flatMap { range in
    file.tokens.indices[range].compactMap { index in
      let line = file.tokens[index].line
      if file.tokens[index].text == "await" {
        return file.finding(line, "await under a lock", "leave the lock first, or use AsyncMutex")
      }
      guard isResumption(file, index) else { return nil }
      return file.finding(line, "a continuation resumed under a lock", "resume it after the unlock")
    }
  }
}

/// Whether `waiter.resume(…)` is called at the dot at `index`.
///
/// `return .resume(id)` only names what is to be done after the unlock.
private func isResumption(_ file: SourceFile, _ index: Int) -> Bool {
  guard index > 0, Token.texts(file.tokens, from: index, are: [".", "resume", "("]) else {
    return false
  }
  let receiver = file.tokens[index - 1]
  if receiver.text == "?" { return file.code[receiver.line - 1].contains("?.resume(") }
  let keywords: Set<String> = ["return", "case", "in", "else", "try"]
  return receiver.isWord
    ? !keywords.contains(receiver.text) : [")", "]", "!"].contains(receiver.text)
}

/// The tokens between a plain lock and its unlock.
///
/// `await x.withLock` is an asynchronous lock's: it is held across `await` by design.
private func heldRanges(_ file: SourceFile) -> [Range<Int>] {
  file.tokens.indices.compactMap { index in
    guard index > 0, file.tokens[index - 1].text == ".", !isAwaited(file.tokens, index) else {
      return nil
    }
    switch file.tokens[index].text {
    case "withLock":
      return closure(file.tokens, after: index)
    case "lock" where Token.texts(file.tokens, from: index + 1, are: ["(", ")"]):
      return untilUnlock(file.tokens, from: index)
    default:
      return nil
    }
  }
}

/// Whether the expression that ends at `index`, such as `storage.state.withLock`, begins with `await`.
private func isAwaited(_ tokens: [Token], _ index: Int) -> Bool {
  var start = index
  while start > 0 {
    let (previous, current) = (tokens[start - 1], tokens[start])
    let isConnected = previous.line == current.line || current.text == "."
    guard isConnected, previous.isWord || [".", "?", "!", "$"].contains(previous.text) else {
      break
    }
    if previous.text == "await" { return true }
    start -= 1
  }
  return false
}

/// The body of the trailing closure of the call at `index`, or the call's arguments if they hold one.
private func closure(_ tokens: [Token], after index: Int) -> Range<Int>? {
  guard let arguments = group(tokens, at: index + 1) else { return nil }
  let isTrailing = tokens[index + 1].text == "{"
  if isTrailing || tokens[arguments].contains(where: { $0.text == "{" }) { return arguments }
  // `withLock(priority: 1) { … }` goes on after its arguments.
  return group(tokens, at: arguments.upperBound + 1)
}

/// What stands between the brace or parenthesis at `start` and its partner.
private func group(_ tokens: [Token], at start: Int) -> Range<Int>? {
  guard start < tokens.count, ["{", "("].contains(tokens[start].text) else { return nil }
  var depth = 0
  for end in start..<tokens.count {
    if ["{", "(", "["].contains(tokens[end].text) { depth += 1 }
    if ["}", ")", "]"].contains(tokens[end].text) { depth -= 1 }
    if depth == 0 { return (start + 1)..<end }
  }
  return nil
}

/// From `lock()` to the next `unlock()`, or to the end of the block if that one is deferred.
private func untilUnlock(_ tokens: [Token], from index: Int) -> Range<Int> {
  var (depth, deferred, position) = (0, false, index)
  while position < tokens.count, depth >= 0 {
    switch tokens[position].text {
    case "{": depth += 1
    case "}": depth -= 1
    case "unlock":
      if !isDeferred(tokens, position) { return index..<position }
      deferred = true
    default: break
    }
    position += 1
  }
  // A lock that the block neither gives back nor defers is handed on; what follows is not ours to judge.
  return deferred ? index..<min(position, tokens.count) : index..<index
}

private func isDeferred(_ tokens: [Token], _ index: Int) -> Bool {
  var start = index
  while start > 0, tokens[start].text != "{", tokens[start].text != "}" { start -= 1 }
  return start > 0 && tokens[start].text == "{" && tokens[start - 1].text == "defer"
}

extension Token {
  /// Whether the tokens from `start` on have these texts.
  static func texts(_ tokens: [Token], from start: Int, are texts: [String]) -> Bool {
    guard start >= 0, start + texts.count <= tokens.count else { return false }
    return texts.indices.allSatisfy { tokens[start + $0].text == texts[$0] }
  }
}

struct LockTests {
  private func lines(_ text: String) -> [Int] {
    workUnderLock(SourceFile("Sources/Bakery/Core/a.swift", text)).map(\.line)
  }

  @Test func `nothing suspends or wakes a task under a lock`() {
    expectTidy("work under lock", workUnderLock)
  }

  @Test func `a continuation resumed in withLock is found`() {
    #expect(lines("state.withLock { state in\n  state.waiter?.resume()\n}") == [2])
    #expect(lines("state.withLock({\n  $0.waiter.resume(returning: 1)\n})") == [2])
  }

  @Test func `an await in withLock is found, unless the lock itself is awaited`() {
    #expect(lines("state.withLock { state in\n  await state.run()\n}") == [2])
    #expect(lines("try await mutex.withLock { state in\n  await state.run()\n}").isEmpty)
    #expect(lines("let a = await b\nstate.withLock { state in\n  await state.run()\n}") == [3])
  }

  @Test func `an action called resume is not a continuation resumed`() {
    #expect(lines("state.withLock { $0.isFull ? .none : .resume($0.first) }").isEmpty)
    #expect(lines("state.withLock { $0.isFull ? .resume($0.first) : .none }").isEmpty)
    #expect(lines("state.withLock { state in\n  return .resume(state.first)\n}").isEmpty)
  }

  @Test func `a continuation resumed between lock and unlock is found`() {
    #expect(lines("func f() {\n  x.lock()\n  c.resume()\n  x.unlock()\n}") == [3])
    #expect(lines("func f() {\n  x.lock()\n  defer { x.unlock() }\n  c.resume()\n}") == [4])
    #expect(lines("func f() {\n  x.lock()\n  x.unlock()\n  c.resume()\n}").isEmpty)
  }

  @Test func `a continuation resumed after withLock is welcome`() {
    #expect(lines("let waiter = state.withLock { $0.take() }\nwaiter?.resume()").isEmpty)
    #expect(
      lines("switch state.withLock({ $0.take() }) {\ncase .wake(let c): c.resume()\n}").isEmpty
    )
  }
}
