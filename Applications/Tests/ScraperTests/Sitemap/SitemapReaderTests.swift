import Foundation
import Testing

@testable import Scraper

struct SitemapReaderTests {
  /// Reads a text in pieces of so many bytes.
  private func read(_ text: String, pieces: Int = 7) -> SitemapReader {
    let reader = SitemapReader()
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty, rest.prefix(pieces).withUnsafeBytes({ reader.read($0) }) {
      rest = rest.dropFirst(pieces)
    }
    reader.finish()
    return reader
  }

  @Test func `a sitemap gives the URLs of its pages and nothing else`() {
    let reader = read(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
        <url><loc> http://h0.test/a?b=1&amp;c=2
          </loc><lastmod>2026-01-01</lastmod><priority>0.8</priority></url>
        <url><image:image><image:loc>http://h0.test/a.png</image:loc></image:image><loc><![CDATA[http://h0.test/ü]]></loc></url>
        <url><loc></loc></url>
      </urlset>
      """
    )
    #expect(reader.kind == .pages)
    #expect(reader.targets == ["http://h0.test/a?b=1&c=2", "http://h0.test/ü"])
    #expect(reader.excess == nil)
  }

  @Test func `an index gives the URLs of sitemaps`() {
    let reader = read(
      "<s:sitemapindex xmlns:s='x'><s:sitemap><s:loc>http://h0.test/1.xml</s:loc></s:sitemap></s:sitemapindex>"
    )
    #expect(reader.kind == .index)
    #expect(reader.targets == ["http://h0.test/1.xml"])
  }

  @Test(arguments: ["<html><body><url><loc>http://h0.test/</loc></url></html>", "", "no XML", "<"])
  func `what is no sitemap gives nothing`(text: String) {
    let reader = read(text)
    #expect(reader.kind == nil)
    #expect(reader.targets.isEmpty)
  }

  @Test func `mistakes in the XML do not end it`() {
    let reader = read(
      "<urlset><url><loc>http://h0.test/a</loc></wrong><url><loc>http://h0.test/b?c&d</loc></url><url>"
    )
    #expect(reader.targets.first == "http://h0.test/a")
    #expect(reader.targets.count == 2)
  }

  @Test func `declared entities are not expanded`() {
    let reader = read(
      """
      <!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
      <urlset><url><loc>http://h0.test/&b;&f;</loc></url></urlset>
      """
    )
    #expect(reader.targets.allSatisfy { !$0.contains("aaa") && !$0.contains("root") })
  }

  @Test func `the limits of the protocol hold`() {
    let url = "<url><loc>http://h0.test/</loc></url>"
    let many = read(
      "<urlset>" + String(repeating: url, count: 50_001) + "</urlset>",
      pieces: 65_536
    )
    #expect(many.targets.count == 50_000)
    #expect(many.excess == "lists more than 50,000 URLs")
    let enough = read(
      "<urlset>" + String(repeating: url, count: 50_000) + "</urlset>",
      pieces: 65_536
    )
    #expect(enough.excess == nil)
    let long = "http://h0.test/" + String(repeating: "a", count: 2034)
    #expect(read("<urlset><url><loc>\(long)</loc></url></urlset>").targets.isEmpty)
    #expect(read("<urlset><url><loc>\(long.dropLast())</loc></url></urlset>").targets.count == 1)
  }

  @Test func `no more than 50 MB are read`() {
    let reader = SitemapReader()
    let megabyte = [UInt8](repeating: 0x20, count: 1 << 20)
    #expect("<urlset>".utf8.withContiguousStorageIfAvailable { reader.read(.init($0)) } == true)
    var count = 0
    while megabyte.withUnsafeBytes({ reader.read($0) }) { count += 1 }
    #expect(count == 49)
    #expect(reader.excess == "is longer than 50 MB")
  }
}

struct GunzipTests {
  /// A sitemap in two members.
  private static let file = [UInt8](
    Data(
      base64Encoded:
        "H4sIAAAAAAACA7MpLcopTi2xswHSdjY5+cl2GSUlBVb6+hkGeiWpxSX6BYY2+iBhG32QCgCymZMeLwAAAB+LCAAAAAAAAgOzKS3KsbPJyU+2yygpKbDS188w0CtJLS7RLzCy0QcJ2+iDVYDI4tQSOwDmqMeUMAAAAA=="
    ) ?? Data()
  )

  private func decompress(_ bytes: [UInt8], pieces: Int) throws -> (text: String, isComplete: Bool)
  {
    let gunzip = Gunzip()
    var output: [UInt8] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      let result = piece.withUnsafeBytes { piece in
        Result {
          try gunzip.decompress(piece) {
            output.append(contentsOf: $0); return true
          }
        }
      }
      try result.get()
    }
    return (String(decoding: output, as: UTF8.self), gunzip.isComplete)
  }

  private static let text =
    "<urlset><url><loc>http://h0.test/p1</loc></url><url><loc>http://h0.test/p2</loc></url></urlset>"

  @Test(arguments: [1, 2, 50, 1000])
  func `members follow one another, in whatever pieces`(pieces: Int) throws {
    let (text, isComplete) = try decompress(Self.file, pieces: pieces)
    #expect(text == Self.text)
    #expect(isComplete)
  }

  @Test func `zeros behind the end are left alone`() throws {
    let (text, isComplete) = try decompress(Self.file + [0, 0, 0, 0, 0], pieces: 3)
    #expect(text == Self.text)
    #expect(isComplete)
  }

  @Test func `a file that is cut off is not complete, and a damaged one is refused`() throws {
    #expect(try !decompress(Self.file.dropLast(12), pieces: 9).isComplete)
    var damaged = Self.file
    damaged[14] ^= 0xFF
    #expect(throws: FetchFailure.self) { try decompress(damaged, pieces: 9) }
  }
}
