extension StringProtocol {
  /// Without the spaces and tabs around it, which say nothing in a header field (RFC 9110, 5.6.3).
  var withoutPadding: SubSequence { trimming { $0 == " " || $0 == "\t" } }
}
