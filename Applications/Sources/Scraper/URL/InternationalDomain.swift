internal import CIDN

/// The ASCII form of a domain by Unicode Technical Standard 46, non-transitional; `nil` if none.
///
/// It is what the URL standard asks for (section 3.3): a domain in ASCII only becomes lower case.
/// libidn2 is stricter than that in places, and two of them matter:
///
/// - It refuses empty labels, and some hyphens in ASCII labels. So only other labels are given to
///   it.
/// - It refuses symbols, such as `☃`, by the rules of IDNA 2008, but not in transitional
///   processing. That maps a few characters in another way, so it is asked for labels without
///   these.
///
/// What stays refused are labels that are not ASCII and begin or end with a hyphen, have two
/// hyphens in third place, or have ASCII punctuation.
func internationalDomainInASCII(_ domain: String) -> String? {
  if domain.utf8.allSatisfy({ $0 < 0x80 }) { return domain.lowercased() }
  var labels: [String] = []
  for label in domain.unicodeScalars.split(
    omittingEmptySubsequences: false,
    whereSeparator: \.isLabelSeparator
  ) {
    guard let label = labelInASCII(String(label)) else { return nil }
    labels.append(label)
  }
  return labels.joined(separator: ".")
}

private func labelInASCII(_ label: String) -> String? {
  if label.utf8.allSatisfy({ $0 < 0x80 }), !label.lowercased().hasPrefix("xn--") {
    return label.lowercased()
  }
  let (code, ascii) = lookup(label, IDN2_NONTRANSITIONAL)
  guard code == IDN2_DISALLOWED, !label.unicodeScalars.contains(where: \.isDeviation) else {
    return ascii
  }
  return lookup(label, IDN2_TRANSITIONAL).ascii
}

private func lookup(_ label: String, _ mode: idn2_flags) -> (code: idn2_rc, ascii: String?) {
  var result: UnsafeMutablePointer<UInt8>?
  let flags = Int32(IDN2_NFC_INPUT.rawValue | mode.rawValue)
  let code = idn2_rc(idn2_lookup_u8(label, &result, flags))
  guard code == IDN2_OK, let result else { return (code, nil) }
  defer { idn2_free(result) }
  return (code, String(cString: result))
}

extension Unicode.Scalar {
  /// Whether UTS 46 takes this character for a full stop.
  fileprivate var isLabelSeparator: Bool {
    self == "." || self == "\u{3002}" || self == "\u{FF0E}" || self == "\u{FF61}"
  }

  /// Whether the transitional mapping of this character is another one: ß, ẞ, ς and the joiners.
  fileprivate var isDeviation: Bool {
    switch self {
    case "\u{DF}", "\u{1E9E}", "\u{3C2}", "\u{200C}", "\u{200D}": true
    default: false
    }
  }
}
