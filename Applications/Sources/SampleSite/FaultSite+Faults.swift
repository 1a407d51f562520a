internal import Bakery
internal import HTTPServer

extension FaultSite {
  /// Bodies that do not end, or not as they should.
  static let bodies = [
    Fault("/endless", "A body that never ends") {
      let piece = Array(repeating: UInt8(ascii: "a"), count: 65_536)
      return stream { writer in while true { try await writer.write(piece) } }
    },
    Fault("/drip", "A byte a second, for ever") {
      stream { writer in
        while true {
          try await writer.write([UInt8(ascii: "a")])
          try await sleep(until: .after(.seconds(1)))
        }
      }
    },
    Fault("/gzip-bomb", "A megabyte that unpacks to a gigabyte") {
      let zeros = Array(repeating: UInt8(0), count: 65_536)
      let (opening, closing) = (GzipBomb.opening, GzipBomb.closing)
      return Response(
        headers: ["Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip"],
        body: .stream(length: opening.count + GzipBomb.zeros + closing.count) { writer in
          try await writer.write(opening)
          for _ in 0..<GzipBomb.zeros / zeros.count { try await writer.write(zeros) }
          try await writer.write(closing)
        }
      )
    },
    Fault("/length-too-long", "A body shorter than its length") {
      raw("\(head)Content-Length: 1000\r\n\r\nshort")
    },
    Fault("/length-too-short", "A body longer than its length") {
      raw("\(head)Content-Length: 5\r\n\r\nmuch longer than five bytes")
    },
    Fault("/broken-chunks", "A chunk whose size is no number") {
      raw("\(head)Transfer-Encoding: chunked\r\n\r\n4\r\ngood\r\nxyz\r\nbad\r\n0\r\n\r\n")
    },
    Fault("/cut-chunks", "A connection closed within a chunk") {
      raw("\(head)Transfer-Encoding: chunked\r\n\r\nff\r\nonly this")
    },
  ]

  /// Answers that do not begin as they should.
  static let connections = [
    Fault("/silent", "No answer at all") {
      try await sleep(until: .never)
      return Response()
    },
    Fault("/closed", "A connection closed before the header") { raw("") },
    Fault("/closed-in-head", "A connection closed within the header") {
      raw("HTTP/1.1 200 OK\r\nContent-Ty")
    },
    Fault("/garbage", "Something that is not HTTP") {
      raw("\u{1}\u{2}\u{3} this is not the protocol you are looking for\n")
    },
    Fault("/huge-header", "A header of ten megabytes") {
      Response(
        body: .raw { writer in
          try await writer.write(Array("\(head)X-Long: ".utf8))
          let piece = Array(repeating: UInt8(ascii: "a"), count: 65_536)
          for _ in 0..<160 { try await writer.write(piece) }
          try await writer.write(Array("\r\nContent-Length: 0\r\n\r\n".utf8))
        }
      )
    },
  ]

  static let redirects = [
    Fault("/redirect-loop", "A redirect to itself") { redirect(to: "/redirect-loop") },
    Fault("\(endlessRedirect)1", "Redirects to ever new addresses") {
      redirect(to: "\(endlessRedirect)2")
    },
    Fault("/redirect-private", "A redirect into a private network") {
      redirect(to: "http://10.0.0.1/")
    },
    Fault("/redirect-nowhere", "A redirect without an address") { redirect(to: nil) },
    Fault("/redirect-invalid", "A redirect to what is no address") {
      redirect(to: "http://[::bad/")
    },
    Fault("/redirect-file", "A redirect to a file of the client") {
      redirect(to: "file:///etc/passwd")
    },
  ]

  static let statuses = [
    Fault("/status-500", "Always 500") { Response(status: 500, text: "500\n") },
    Fault("/status-429", "Always too many requests") { busy(429, retryAfter: "1") },
    Fault("/retry-never", "An absurd time to wait") { busy(503, retryAfter: "99999999999") },
    Fault("/retry-nonsense", "A time to wait that is none") { busy(503, retryAfter: "soon") },
  ]

  /// Pages that are no good HTML.
  static let markup = [
    Fault("/not-utf-8", "Bytes that are not UTF-8") {
      html(
        Array("<title>Not ".utf8) + [0xFF, 0xFE, 0xC0, 0x80, 0xED, 0xA0, 0x80]
          + Array("</title>".utf8)
      )
    },
    Fault("/wrong-charset", "An encoding that nobody knows") {
      html(Array("<title>Unknown</title>".utf8), type: "text/html; charset=x-crumbs")
    },
    Fault("/unclosed", "Elements that are never closed") {
      html(
        Array(
          "<title>Unclosed</title><p><b><a href=\"/good/1\">a link<table><td><a href='/good/2".utf8
        )
      )
    },
    Fault("/deep", "A hundred thousand elements, one in the other") {
      let depth = 100_000
      return html(
        Array("<title>Deep</title>".utf8)
          + Array(String(repeating: "<div>", count: depth).utf8)
          + Array("<a href=\"/good/3\">the bottom</a>".utf8)
      )
    },
    Fault("/empty", "A page without a byte") { html([]) },
    Fault("/nul", "A page with NUL bytes") {
      html(Array("<title>N\u{0}UL</title><a href=\"/good/4\u{0}\">a\u{0}b</a>".utf8))
    },
  ]

  private static let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"

  private static func stream(_ producer: @escaping Response.Producer) -> Response {
    Response(headers: ["Content-Type": "text/html; charset=utf-8"], body: .stream(producer))
  }

  private static func raw(_ text: String) -> Response {
    Response(body: .raw { writer in try await writer.write(Array(text.utf8)) })
  }

  private static func busy(_ status: Int, retryAfter: String) -> Response {
    var response = Response(status: status, text: "\(status)\n")
    response.headers["Retry-After"] = retryAfter
    return response
  }
}
