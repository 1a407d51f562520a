internal import CXXHash

/// The XXH3 hash (64 bits) of `bytes` in 16 hexadecimal digits: it tells whether a page has changed, not who changed it.
func bodyHash(_ bytes: UnsafeRawBufferPointer) -> String {
  let digits = String(XXH3_64bits(bytes.baseAddress, bytes.count), radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
