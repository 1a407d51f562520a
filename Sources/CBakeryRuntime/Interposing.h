// What interposed functions need; _GNU_SOURCE is defined before the first include, for RTLD_NEXT.
#ifndef BAKERY_INTERPOSING_H
#define BAKERY_INTERPOSING_H

#if defined(__linux__)

#include <dlfcn.h>

// The real function behind an interposed one; found again by several threads it is the same.
static inline void *next_function(void **place, const char *name) {
  void *function = __atomic_load_n(place, __ATOMIC_RELAXED);
  if (!function) {
    function = dlsym(RTLD_NEXT, name);
    __atomic_store_n(place, function, __ATOMIC_RELAXED);
  }
  return function;
}

#endif
#endif
