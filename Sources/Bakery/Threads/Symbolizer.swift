internal import CBakeryCore

// What a library of the toolchain keeps for itself is used with the compiler that it was tried with, and nowhere else.
#if canImport(Runtime) && os(Linux) && compiler(>=6.3) && compiler(<6.4)
@_spi(Internal) internal import Runtime
#endif

/// Tells what addresses of code are called and where they were written.
enum Symbolizer {
  typealias Frame = StarvationReport.Frame

  /// The calls that return to each of the addresses, the innermost first: more than one where calls were inlined.
  ///
  /// The first call on a thread reads symbols and debug information, which takes as long as these are large.
  static func frames(of addresses: Set<UInt>) -> [UInt: [Frame]] {
    var frames: [UInt: [Frame]] = [:]
    #if canImport(Runtime) && os(Linux) && compiler(>=6.3) && compiler(<6.4)
    frames = symbolicated(addresses)
    #endif
    for address in addresses where frames[address] == nil {
      frames[address] = [dynamicFrame(address)]
    }
    return frames
  }

  #if canImport(Runtime) && os(Linux) && compiler(>=6.3) && compiler(<6.4)
  /// What is loaded, as it was when somebody first asked.
  ///
  /// Symbolication maps the files once more, and images that are captured afterwards are taken for those.
  private static let images = ImageMap.capture()

  #if arch(x86_64)
  private static let architecture = "x86_64"
  #elseif arch(arm64)
  private static let architecture = "aarch64"
  #else
  private static let architecture = "unknown"
  #endif

  /// By the program's symbols and debug information, which the toolchain's library reads from the files.
  private static func symbolicated(_ addresses: Set<UInt>) -> [UInt: [Frame]] {
    let backtrace = Backtrace(
      architecture: architecture,
      frames: addresses.map { RichFrame.returnAddress(UInt64($0)) },
      images: images
    )
    var frames: [UInt: [Frame]] = [:]
    for frame in backtrace.symbolicated(with: images)?.frames ?? [] {
      let counter = frame.captured.originalProgramCounter
      guard let address = UInt(counter), let symbol = frame.symbol else { continue }
      let location = symbol.sourceLocation.flatMap { $0.line > 0 ? $0 : nil }
      frames[address, default: []].append(
        Frame(
          address: address,
          symbol: symbol.name,
          offset: symbol.offset,
          module: symbol.imageName,
          file: location?.path,
          line: location?.line
        )
      )
    }
    return frames
  }
  #endif

  /// By what the loader knows: exported symbols, no lines.
  static func dynamicFrame(_ address: UInt) -> Frame {
    var (symbol, file): (UnsafePointer<CChar>?, UnsafePointer<CChar>?)
    let offset = bakery_describe_address(address, &symbol, &file)
    return Frame(
      address: address,
      symbol: symbol.map { String(cString: $0) },
      offset: Int(bitPattern: offset),
      module: file.flatMap { String(cString: $0).split(separator: "/").last }.map(String.init),
      file: nil,
      line: nil
    )
  }
}
