internal import CXML

/// The tree of a page, and the place where expressions are evaluated on it.
struct PageTree: ~Copyable {
  // Safe because this value is the only owner of both, and frees them when it goes; nodes are used
  // while it lives.
  private let document: htmlDocPtr
  private let context: xmlXPathContextPtr
  let root: xmlNodePtr

  /// How many nodes the expressions of a page may look at, together.
  ///
  /// A page can be made such that a selector takes the square of its size; this ends after seconds.
  static let stepMaximum: UInt = 200_000_000

  /// Parses a page in UTF-8 as well as it goes; `nil` when there is no element in it.
  init?(_ text: UnsafeRawBufferPointer, steps: UInt = stepMaximum) {
    guard let document = TreeBuilder.document(of: text) else { return nil }
    guard let root = xmlDocGetRootElement(document), let context = xmlXPathNewContext(document)
    else {
      xmlFreeDoc(document)
      return nil
    }
    cxml_silence_xpath(context)
    context.pointee.opLimit = steps
    self.document = document
    self.context = context
    self.root = root
  }

  deinit {
    xmlXPathFreeContext(context)
    xmlFreeDoc(document)
  }

  /// Evaluates an expression at a node of this tree.
  ///
  /// - Throws: `EvaluationError` when libxml2 gives up.
  func evaluate(
    _ expression: XPathExpression,
    at node: xmlNodePtr
  ) throws(EvaluationError) -> XPathValue {
    context.pointee.node = node
    guard let object = xmlXPathCompiledEval(expression.pointer, context) else {
      throw EvaluationError(code: context.pointee.lastError.code)
    }
    return XPathValue(object)
  }

  /// Makes `node` the scope of the expressions that have one (`CSSToXPath.isScoped`).
  func enter(_ node: xmlNodePtr) {
    var depth = 0
    var ancestor = node.pointee.parent
    while let current = ancestor, current.pointee.type == XML_ELEMENT_NODE {
      depth += 1
      ancestor = current.pointee.parent
    }
    xmlXPathRegisterVariable(context, "depth", xmlXPathNewFloat(Double(depth)))
  }
}

/// What an expression came to.
struct XPathValue: ~Copyable {
  // Safe because this value is the only owner, and frees it when it goes.
  let object: xmlXPathObjectPtr

  init(_ object: xmlXPathObjectPtr) {
    self.object = object
  }

  deinit {
    xmlXPathFreeObject(object)
  }

  var isNodeSet: Bool { object.pointee.type == XPATH_NODESET }

  /// The number of nodes; none for another kind of value.
  var count: Int {
    guard isNodeSet, let set = object.pointee.nodesetval else { return 0 }
    return Int(set.pointee.nodeNr)
  }

  /// A node, in the order of the document.
  ///
  /// - Precondition: `index` is below `count`.
  subscript(index: Int) -> xmlNodePtr? {
    object.pointee.nodesetval?.pointee.nodeTab[index]
  }
}

/// Why an expression has no value on some page.
struct EvaluationError: Error, Hashable, CustomStringConvertible {
  /// Of libxml2; see `XML_XPATH_EXPRESSION_OK`.
  var code: CInt

  /// Whether this expression and all others of the page have had their time.
  var isOutOfSteps: Bool { has(XPATH_OP_LIMIT_EXCEEDED) }

  var description: String {
    if isOutOfSteps {
      return "the page takes more than \(PageTree.stepMaximum) steps; use simpler selectors"
    }
    if has(XPATH_INVALID_ARITY) { return "a function has too few or too many arguments" }
    if has(XPATH_INVALID_TYPE) || has(XPATH_INVALID_OPERAND) {
      return "a function or an operator gets a value that it cannot take"
    }
    return "libxml2 cannot evaluate the expression (error \(code)); use a simpler one"
  }

  private func has(_ error: xmlXPathError) -> Bool {
    UInt32(bitPattern: code) == XML_XPATH_EXPRESSION_OK.rawValue + error.rawValue
  }
}
