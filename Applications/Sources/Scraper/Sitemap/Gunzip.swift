internal import CZlib

/// Decompresses gzip (RFC 1952) piece by piece, one member after the other.
final class Gunzip {
  // zlib remembers where the stream is, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var output = [UInt8](repeating: 0, count: 65_536)

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 is the largest window, and 16 more ask for a header of gzip.
    let status = inflateInit2_(stream, 15 + 16, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "no memory is left to decompress: \(status)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// How a file begins.
  static let signature: [UInt8] = [0x1F, 0x8B]

  /// Whether the last member has come to its end.
  private(set) var isComplete = false

  /// Hands what comes of `input` to `take`, in pieces, until `take` returns `false`.
  ///
  /// - Throws: `FetchFailure` for what is not gzip.
  func decompress(
    _ input: UnsafeRawBufferPointer,
    _ take: (UnsafeRawBufferPointer) -> Bool
  ) throws(FetchFailure) {
    let bytes = input.assumingMemoryBound(to: UInt8.self)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
    stream.pointee.avail_in = UInt32(bytes.count)
    while true {
      let (status, count) = output.withUnsafeMutableBufferPointer { buffer in
        stream.pointee.next_out = buffer.baseAddress
        stream.pointee.avail_out = UInt32(buffer.count)
        let status = inflate(stream, Z_NO_FLUSH)
        return (status, buffer.count - Int(stream.pointee.avail_out))
      }
      if isComplete, status == Z_DATA_ERROR { return }
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
        throw FetchFailure(.body, "the compressed sitemap is damaged", isTransient: false)
      }
      // What follows a member and is none is left alone, as gzip does with zeros.
      isComplete = status == Z_STREAM_END || (isComplete && count == 0)
      if count > 0,
        !output.withUnsafeBytes({ take(UnsafeRawBufferPointer(rebasing: $0[..<count])) })
      {
        return
      }
      if status == Z_STREAM_END, stream.pointee.avail_in > 0 {
        inflateReset(stream)
      } else if stream.pointee.avail_in == 0, count < output.count {
        return
      } else if status == Z_BUF_ERROR {
        return
      }
    }
  }
}
