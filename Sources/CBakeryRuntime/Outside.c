// For RTLD_NEXT.
#define _GNU_SOURCE
#include "Outside.h"
#include "CBakeryRuntime.h"
#include "Interposing.h"

#include <stddef.h>

#if defined(__linux__) && defined(__x86_64__) && defined(__clang__) && defined(__ELF__)

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <errno.h>
#include <pthread.h>

#pragma clang attribute push(__attribute__((disable_sanitizer_instrumentation)), apply_to = function)

#define WEAK_ALIAS(name) __attribute__((weak, alias(name)))

static _Thread_local int is_watched;
static _Thread_local bakery_outside first;

void bakery_outside_watch(int watches) {
  is_watched = watches;
  if (watches) first.count = 0;
}

const bakery_outside *bakery_outside_first(void) { return &first; }

static int notes(const char *api) {
  if (!is_watched || first.count || !bakery_run_owner() || bakery_run_is_stray()) return 0;
  first.api = api;
  first.type = 0;
  return 1;
}

static void note_call(const char *api) {
  if (!notes(api)) return;
  first.count = bakery_frames(first.frames, BAKERY_OUTSIDE_FRAMES);
  // A return address is behind the call, which may be in the next line.
  for (int index = 0; index < first.count; index++) first.frames[index]--;
}

void bakery_outside_note_hop(const char *api, const void *type, uintptr_t place, uintptr_t caller) {
  if (!notes(api)) return;
  first.type = type;
  first.frames[0] = place;
  first.frames[1] = caller;
  first.count = 2;
}

#if __has_feature(thread_sanitizer)

int bakery_outside_is_seen(void) { return 0; }

#else

int bakery_outside_is_seen(void) { return 1; }

// Dispatch starts threads of its own for what the runtime asks of it.
static int is_dispatch(const void *place) {
  Dl_info caller, dispatch;
  void *known = dlsym(RTLD_DEFAULT, "dispatch_async_f");
  return known && dladdr(place, &caller) && dladdr(known, &dispatch) && caller.dli_fbase == dispatch.dli_fbase;
}

typedef int (*create_function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static int own_pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
  static void *next;
  if (is_watched && !is_dispatch(__builtin_return_address(0))) note_call("pthread_create");
  create_function create = (create_function)next_function(&next, "pthread_create");
  return create ? create(thread, attributes, body, argument) : EAGAIN;
}

WEAK_ALIAS("own_pthread_create")
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument);

typedef int (*socket_function)(int, int, int);

static int own_socket(int domain, int type, int protocol) {
  static void *next;
  note_call("socket");
  socket_function make = (socket_function)next_function(&next, "socket");
  if (make) return make(domain, type, protocol);
  errno = ENOSYS;
  return -1;
}

WEAK_ALIAS("own_socket") int socket(int domain, int type, int protocol);

typedef int (*open_function)(const char *, int, mode_t);

// Foundation reads the bytes of a UUID from there.
static int own_open(const char *path, int flags, ...) {
  static void *next;
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list list;
    va_start(list, flags);
    mode = va_arg(list, mode_t);
    va_end(list);
  }
  if (is_watched && !strcmp(path, "/dev/urandom")) note_call("open of /dev/urandom");
  open_function real = (open_function)next_function(&next, "open");
  if (real) return real(path, flags, mode);
  errno = ENOSYS;
  return -1;
}

WEAK_ALIAS("own_open") int open(const char *path, int flags, ...);

typedef void (*async_function)(void *, void *);

static void own_dispatch_async(void *queue, void *block) {
  static void *next;
  note_call("dispatch_async");
  async_function async = (async_function)next_function(&next, "dispatch_async");
  if (async) async(queue, block);
}

WEAK_ALIAS("own_dispatch_async") void dispatch_async(void *queue, void *block);

typedef void (*after_function)(uint64_t, void *, void *);

static void own_dispatch_after(uint64_t time, void *queue, void *block) {
  static void *next;
  note_call("dispatch_after");
  after_function after = (after_function)next_function(&next, "dispatch_after");
  if (after) after(time, queue, block);
}

WEAK_ALIAS("own_dispatch_after") void dispatch_after(uint64_t time, void *queue, void *block);

#endif

#pragma clang attribute pop

#else

static bakery_outside none;

int bakery_outside_is_seen(void) { return 0; }
void bakery_outside_watch(int watches) { (void)watches; }
const bakery_outside *bakery_outside_first(void) { return &none; }
void bakery_outside_note_hop(const char *api, const void *type, uintptr_t place, uintptr_t caller) {
  (void)api, (void)type, (void)place, (void)caller;
}

#endif
