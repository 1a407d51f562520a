#pragma once

#include <stddef.h>
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

// Blocks of this size and more go back to the system as soon as they are freed. Without this glibc raises the size to that of the
// largest block that was ever freed, up to 32 MB, and then keeps what it has for each of its arenas.
static inline void cmalloc_set_large_block(size_t bytes) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, (int)bytes);
#endif
}
