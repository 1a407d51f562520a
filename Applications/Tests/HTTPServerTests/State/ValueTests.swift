import Glibc
import NIOHTTP1
import Testing

@testable import HTTPServer

@Suite struct ValueTests {
  @Test(arguments: [
    ("8080", "127.0.0.1:8080"), (":8080", "127.0.0.1:8080"), ("localhost:80", "127.0.0.1:80"),
    ("0.0.0.0:0", "0.0.0.0:0"), ("[::1]:65535", "[::1]:65535"),
  ])
  func `an address is read`(text: String, expected: String) throws {
    #expect(try Address(parsing: text).description == expected)
  }

  @Test(arguments: [
    "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]",
    "example:80",
    "1.2.3:80", "[::1:80", "127.0.0.1:80x",
  ])
  func `what is no address is refused with advice`(text: String) {
    let failure = #expect(throws: AddressFailure.self) { try Address(parsing: text) }
    let description = failure?.description ?? ""
    #expect(description.hasPrefix("cannot listen on \"\(text)\": "))
    #expect(description.hasSuffix("write HOST:PORT, for example 127.0.0.1:8080"))
  }

  @Test(arguments: [
    (EADDRINUSE, "choose another port"), (EACCES, "1024 or above"),
    (EADDRNOTAVAIL, "no such address"), (ENETDOWN, "Network is down"),
  ])
  func `a failure to listen says where, what and what next`(code: Int32, part: String) {
    let description = ListenFailure(.loopback(port: 80), code).description
    #expect(description.hasPrefix("cannot listen on 127.0.0.1:80: "))
    #expect(description.contains(part))
  }

  @Test(arguments: [
    ("/", "/", nil), ("/a?b=c?d", "/a", "b=c?d"), ("/a?", "/a", ""), ("*", "*", nil),
    ("http://host/a?b", "/a", "b"), ("http://host?b", "/", "b"), ("http://host", "/", nil),
    ("/http://x", "/http://x", nil),
  ])
  func `a target has a path and a query`(target: String, path: String, query: String?) {
    let request = Request(target: target, localAddress: .loopback(port: 1))
    #expect(request.path == path)
    #expect(request.query == query)
  }

  @Test func `fields are found by name in any case, and replaced`() {
    var headers: Headers = ["Link": "a", "link": "b", "Age": "1"]
    #expect(headers["LINK"] == "a")
    #expect(headers.all("link") == ["a", "b"])
    headers["lINK"] = "c"
    #expect(headers.all("link") == ["c"])
    headers["age"] = nil
    #expect(headers["Age"] == nil)
  }

  @Test(arguments: [
    ("Good-Name", "good\tvalue é", true), ("Bad Name", "x", false), ("", "x", false),
    ("A", "x\r\nSet-Cookie: y", false), ("A", "x\ny", false), ("A", "\u{0}", false),
    ("Naïve", "x", false),
  ])
  func `fields that would break the header are found`(name: String, value: String, valid: Bool) {
    #expect(Headers([(name, value)]).areValid == valid)
  }

  @Test(arguments: [
    (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
    (1_796_083_199, "Mon, 30 Nov 2026 23:59:59 GMT"),
  ])
  func `a date is written as HTTP wants it`(second: Int, text: String) {
    var date = HTTPDate()
    #expect(date.value(at: second) == text)
    #expect(date.value(at: second) == text)
  }
}
