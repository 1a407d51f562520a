import Foundation
import Testing

/// Something that a crawl may be given, and what it has to make of it.
///
/// In seeds and lines SITE, TLS and REFUSED stand for servers: one of faults, one with a certificate of its own, and none at all.
struct BadInput: Sendable, CustomTestStringConvertible {
  var seed: String
  var options: [String] = []
  /// A line on the standard error stream, or its beginning.
  var line: String
  var code: Int32 = 3
  /// What the table `failures` says, `STAGE: REASON` for each row.
  var failures: [String] = []
  var pages = 0
  /// What is in the folder already.
  var prepare: @Sendable (CommandFolder) throws -> Void = { _ in }
  /// The program through which the command is run.
  var wrapper: [String] = []
  /// Whether all is asked for through the proxy that redirects into a private network.
  var usesProxy = false

  var testDescription: String { ([seed] + options).joined(separator: " ") }

  /// A URL that is tried and given up on.
  private static func failed(_ seed: String, _ failure: String, _ options: [String] = []) -> Self {
    Self(seed: seed, options: options, line: "\(seed): \(failure)", failures: [failure])
  }

  /// A page that looks odd and is stored all the same.
  private static func odd(_ path: String) -> Self {
    Self(seed: "SITE\(path)", line: "", code: 0, pages: 1)
  }

  /// Fails with code 3 and a row; all of them can be in one crawl.
  static let failing = urls + bodies + redirects + statuses

  private static let urls: [BadInput] = [
    .failed("http://bakery.invalid/", "resolve: no address is known for bakery.invalid"),
    .failed("REFUSED/", "connect: connection refused"),
    .failed(
      "TLS/",
      "connect: TLS with 127.0.0.1 failed: its certificate cannot be verified"
    ),
  ]

  private static let bodies: [BadInput] = [
    .failed("SITE/endless", "body: the body is longer than --max-size 1 MB"),
    .failed(
      "SITE/drip",
      "body: the body is too slow for --page-timeout",
      ["--page-timeout", "3s"]
    ),
    .failed("SITE/gzip-bomb", "body: the decompressed body is longer than --max-size 1 MB"),
    .failed("SITE/length-too-long", "body: the server closed the connection too early"),
    .failed(
      "SITE/broken-chunks",
      "body: the answer is not valid HTTP (invalid character in chunk size header)"
    ),
    .failed("SITE/cut-chunks", "body: the server closed the connection too early"),
    .failed("SITE/silent", "request: no answer in time", ["--head-timeout", "3s"]),
    .failed("SITE/closed", "request: the server closed the connection too early"),
    .failed("SITE/closed-in-head", "request: the server closed the connection too early"),
    .failed("SITE/garbage", "request: the answer is not valid HTTP (invalid constant string)"),
    .failed("SITE/huge-header", "request: the header is longer than 80 KB"),
  ]

  private static let redirects: [BadInput] = [
    .failed("SITE/redirect-loop", "redirect: redirects in a circle: SITE/redirect-loop"),
    .failed(
      "SITE/redirect-endless/1",
      "redirect: more than 10 redirects, the last to SITE/redirect-endless/12"
    ),
    .failed("SITE/redirect-nowhere", "redirect: status 302 without Location"),
    .failed("SITE/redirect-invalid", "redirect: redirect to http://[::bad/, no HTTP URL"),
    .failed("SITE/redirect-file", "redirect: redirect to file:///etc/passwd, no HTTP URL"),
  ]

  private static let statuses: [BadInput] = [
    .failed("SITE/status-500", "status: the server answers 500"),
    .failed("SITE/status-429", "status: the server answers 429"),
    .failed("SITE/retry-never", "status: the server answers 503"),
    .failed("SITE/retry-nonsense", "status: the server answers 503"),
  ]

  /// Stored with code 0.
  static let stored: [BadInput] = [
    .odd("/not-utf-8"), .odd("/wrong-charset"), .odd("/unclosed"), .odd("/deep"), .odd("/empty"),
    .odd("/nul"), .odd("/length-too-short"),
  ]

  /// What concerns the command more than a page.
  static let refused: [BadInput] = [
    Self(seed: "http://", line: "Error: 'http://' is no URL", code: 2),
    Self(
      seed: "ftp://bakery.invalid/",
      line: "Error: ftp://bakery.invalid/: the scheme 'ftp' cannot be scraped; use http or https",
      code: 2
    ),
    Self(
      seed: "http://baker:yeast@bakery.invalid/",
      line:
        "Error: a user name or password in http://bakery.invalid/ is not sent, since URLs get stored; "
        + "give the URL without it and --header 'Authorization: Basic …'",
      code: 2
    ),
    // A host and a port are no scheme.
    Self(
      seed: "localhost:1",
      line: "http://localhost:1/: connect: connection refused",
      failures: ["connect: connection refused"]
    ),
    Self(
      seed: "SITE/",
      options: ["--rules", "rules.yaml"],
      line: "Error: rules.yaml:4:19: found \">\", expected a selector",
      code: 2,
      prepare: {
        try $0.write("items:\n  page:\n    fields:\n      title: \"h1 >> a\"\n", to: "rules.yaml")
      }
    ),
    Self(
      seed: "http://bakery.invalid/inside",
      options: ["--scope", "any"],
      line: "http://bakery.invalid/inside: redirect: 10.0.0.1 is on a private network",
      failures: ["redirect: 10.0.0.1 is on a private network and no seed is; give it as a seed"],
      usesProxy: true
    ),
    Self(
      seed: "SITE/",
      line: "Error: crawl.sqlite cannot be written: permission denied",
      code: 1,
      prepare: { try readOnly($0) },
      wrapper: withoutPrivileges
    ),
    Self(
      seed: "SITE/",
      line: "Error: crawl.sqlite is a database of another program; nothing was changed",
      code: 1,
      prepare: { try $0.execute("CREATE TABLE pages (id INTEGER)") }
    ),
    Self(
      seed: "SITE/",
      line: "Error: crawl.sqlite is not a SQLite database; nothing was changed",
      code: 1,
      prepare: {
        try $0.write(String(repeating: "Remember the yeast.\n", count: 99), to: "crawl.sqlite")
      }
    ),
  ]

  private static func readOnly(_ folder: CommandFolder) throws {
    try folder.execute("PRAGMA user_version = 0")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o444],
      ofItemAtPath: folder.file("crawl.sqlite").path
    )
  }

  /// Root may write to any file, unless it gives up that right.
  private static var withoutPrivileges: [String] {
    geteuid() == 0 ? ["/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []
  }
}
