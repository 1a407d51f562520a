internal import CXML

/// An XPath 1.0 expression, compiled by libxml2.
///
/// Evaluation writes into it (each call of a function remembers where the function is), so it stays
/// on one thread.
final class XPathExpression {
  // Safe because this object is the only owner, and frees it when it goes.
  let pointer: xmlXPathCompExprPtr

  /// - Throws: `ExpressionError` for what libxml2 does not accept.
  init(_ text: String) throws(ExpressionError) {
    cxml_silence_thread()
    guard let context = xmlXPathNewContext(nil) else { throw Self.outOfMemory }
    defer { xmlXPathFreeContext(context) }
    cxml_silence_xpath(context)
    guard let pointer = xmlXPathCtxtCompile(context, text) else {
      let error = context.pointee.lastError
      throw ExpressionError(
        offset: scalarOffset(of: Int(error.int1), in: text),
        message: Self.message(of: error.code)
      )
    }
    self.pointer = pointer
  }

  deinit {
    xmlXPathFreeCompExpr(pointer)
  }

  private static var outOfMemory: ExpressionError {
    ExpressionError(offset: 0, message: "no memory to compile the expression")
  }

  /// What libxml2 says by a number.
  private static func message(of code: CInt) -> String {
    let number = UInt32(bitPattern: code)
    return switch number {
    case XML_XPATH_UNFINISHED_LITERAL_ERROR.rawValue:
      "the string is not closed; add the quotation mark it began with"
    case XML_XPATH_VARIABLE_REF_ERROR.rawValue: "there is no name after $"
    case XML_XPATH_INVALID_PREDICATE_ERROR.rawValue: "the predicate is not closed; add ]"
    case XML_XPATH_UNCLOSED_ERROR.rawValue: "the parenthesis is not closed; add )"
    case XML_XPATH_INVALID_CHAR_ERROR.rawValue, XML_XPATH_ENCODING_ERROR.rawValue:
      "this character cannot stand in XPath"
    case XML_XPATH_MEMORY_ERROR.rawValue: outOfMemory.message
    default: "XPath 1.0 cannot be read from here on; check what stands before and after"
    }
  }
}

/// The number of Unicode scalars in the first `bytes` bytes of the UTF-8 of `text`.
private func scalarOffset(of bytes: Int, in text: String) -> Int {
  text.utf8.prefix(max(0, bytes)).count { !UTF8.isContinuation($0) }
}
