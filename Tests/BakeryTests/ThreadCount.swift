@testable import Bakery

#if canImport(Glibc)
import Glibc
#endif

/// How many threads of the process have names that begin so.
func threadCount(named prefix: String) -> Int {
  KernelThread.all.count { $0.name.hasPrefix(prefix) }
}

/// How many files, pipes and the like the process has open.
func openFileCount() -> Int {
  guard let folder = opendir("/proc/self/fd") else { return 0 }
  defer { closedir(folder) }
  var count = 0
  while readdir(folder) != nil { count += 1 }
  return count
}

/// Where a function of a library is; 0 if no library has it.
func addressOfSymbol(_ name: String) -> UInt {
  UInt(bitPattern: dlsym(dlopen(nil, RTLD_NOW), name))
}

/// Whether the thread sanitizer watches this process.
let isSanitized = addressOfSymbol("__tsan_init") != 0
