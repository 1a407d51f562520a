internal import Yams

/// The YAML of a rules file, and errors that point into it.
struct RulesDocument {
  let file: String
  let root: Node
  private let lines: [ArraySlice<Unicode.Scalar>]

  init(yaml: String, file: String) throws(RulesError) {
    self.file = file
    lines = yamlLines(yaml)
    do {
      guard let root = try compose(yaml: yaml, .basic, .default, .utf8) else {
        throw RulesError(file: file, line: 1, column: 1, message: Self.emptyFile)
      }
      self.root = root
    } catch {
      throw Self.error(error, yaml, file)
    }
    if root.scalar?.string == "", root.scalar?.style == .plain {
      throw RulesError(file: file, line: 1, column: 1, message: Self.emptyFile)
    }
  }

  private static let emptyFile = "there are no rules; begin with \"items:\""

  // Nodes

  /// The pairs of a mapping with text for keys, which are `known` unless the user makes them up.
  func pairs(
    _ node: Node,
    _ what: String,
    known: [String]? = nil
  ) throws(RulesError) -> [(key: Node.Scalar, value: Node)] {
    guard let mapping = node.mapping else {
      let example = known?.last ?? "name"
      throw error(
        at: node,
        "\(what) has to be a mapping; write \"\(example): …\" on a line of its own"
      )
    }
    var pairs: [(key: Node.Scalar, value: Node)] = []
    for (node, value) in mapping {
      let key = try text(node, "a key of \(what)")
      if let known, !known.contains(key.string) {
        let list = known.joined(separator: ", ")
        throw error(at: node, "\"\(key.string)\" is no key of \(what); known: \(list)")
      }
      pairs.append((key, value))
    }
    guard !pairs.isEmpty else { throw error(at: node, "\(what) is empty; write at least one") }
    return pairs
  }

  /// A scalar that is not empty.
  func text(_ node: Node, _ what: String) throws(RulesError) -> Node.Scalar {
    guard let scalar = node.scalar else {
      throw error(at: node, "\(what) has to be text, not a mapping or a list")
    }
    guard !scalar.string.isEmpty else { throw error(at: node, "\(what) is empty; write its text") }
    return scalar
  }

  func flag(_ node: Node, _ what: String) throws(RulesError) -> Bool {
    switch node.scalar?.string {
    case "true": return true
    case "false": return false
    default: throw error(at: node, "\(what) has to be true or false")
    }
  }

  // Errors

  func error(at node: Node, _ message: String) -> RulesError {
    error(at: node.mark, message)
  }

  func error(at mark: Mark?, _ message: String) -> RulesError {
    RulesError(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1, message: message)
  }

  /// An error within a scalar: at its own place if the file has the text as it is, else at the scalar's.
  func error(in scalar: Node.Scalar, _ error: ExpressionError) -> RulesError {
    guard let mark = scalar.mark, let width = writtenWidth(of: scalar, upTo: error.offset) else {
      return self.error(at: scalar.mark, "in this text, \(error.description)")
    }
    return RulesError(
      file: file,
      line: mark.line,
      column: mark.column + width,
      message: error.message
    )
  }

  /// How many scalars of the file's line the first `count` of a value take.
  private func writtenWidth(of scalar: Node.Scalar, upTo count: Int) -> Int? {
    guard let mark = scalar.mark, lines.indices.contains(mark.line - 1) else { return nil }
    let value = scalar.string.unicodeScalars.prefix(count)
    let written: [Unicode.Scalar]
    switch scalar.style {
    case .plain: written = Array(value)
    case .singleQuoted: written = ["'"] + value.flatMap { $0 == "'" ? ["'", "'"] : [$0] }
    case .doubleQuoted: written = ["\""] + value
    default: return nil
    }
    guard lines[mark.line - 1].dropFirst(mark.column - 1).starts(with: written) else { return nil }
    return written.count
  }

  /// What Yams found.
  private static func error(_ error: any Error, _ yaml: String, _ file: String) -> RulesError {
    switch error {
    case let error as RulesError:
      return error
    case YamlError.scanner(let context, let problem, let mark, _),
      YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      let whole = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
      return RulesError(
        file: file,
        line: mark.line,
        column: mark.column,
        message: "this cannot be read as YAML: \(whole)"
      )
    case YamlError.duplicatedKeysInMapping(let keys, let context):
      let key = keys.first ?? ""
      return RulesError(
        file: file,
        line: context.mark.line,
        column: context.mark.column,
        message: "\"\(key)\" stands here and again in the same mapping; keep one of them"
      )
    case YamlError.reader(let problem, let offset, _, _):
      let before = yamlLines(String(yaml.prefix(offset ?? 0)))
      return RulesError(
        file: file,
        line: before.count,
        column: (before.last?.count ?? 0) + 1,
        message: "this cannot be read as YAML: \(problem)"
      )
    default:
      let message = "this cannot be read as YAML: \(error)"
      return RulesError(file: file, line: 1, column: 1, message: message)
    }
  }
}

/// The lines of a text as YAML 1.1 §5.4 breaks them; always at least one.
private func yamlLines(_ text: String) -> [ArraySlice<Unicode.Scalar>] {
  let scalars = Array(text.unicodeScalars)
  var lines: [ArraySlice<Unicode.Scalar>] = []
  var begin = 0
  for (index, scalar) in scalars.enumerated() {
    let isBreak = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
    guard isBreak else { continue }
    // The first half of CR LF.
    if scalar == "\r", scalars.dropFirst(index + 1).first == "\n" { continue }
    lines.append(scalars[begin..<index])
    begin = index + 1
  }
  return lines + [scalars[begin...]]
}
