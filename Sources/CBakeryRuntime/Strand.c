// Hands a baton from thread to thread. Compiled as everything else, so that the thread sanitizer sees what each hands on.
#define _GNU_SOURCE
#include "CBakeryRuntime.h"

#include <stddef.h>
#include <unwind.h>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

static void sleep_while(uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, 128 /* wait, private */, expected, NULL, NULL, 0);
}

static void wake(uint32_t *word) { syscall(SYS_futex, word, 129 /* wake, private */, 1, NULL, NULL, 0); }
#else
#include <sched.h>

static void sleep_while(uint32_t *word, uint32_t expected) {
  (void)word, (void)expected;
  sched_yield();
}

static void wake(uint32_t *word) { (void)word; }
#endif

enum { ELSEWHERE = 0, HERE = 1, ASLEEP = 2, LOOKS = 200 };

void bakery_baton_pass(uint32_t *baton) {
  if (__atomic_exchange_n(baton, HERE, __ATOMIC_ACQ_REL) == ASLEEP) wake(baton);
}

void bakery_baton_wait(uint32_t *baton) {
  for (int look = 0; look < LOOKS; look++) {
    if (__atomic_load_n(baton, __ATOMIC_ACQUIRE) == HERE) break;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  uint32_t expected = ELSEWHERE;
  if (__atomic_compare_exchange_n(baton, &expected, ASLEEP, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    while (__atomic_load_n(baton, __ATOMIC_ACQUIRE) != HERE) sleep_while(baton, ASLEEP);
  }
  __atomic_store_n(baton, ELSEWHERE, __ATOMIC_RELAXED);
}

typedef struct {
  uintptr_t *frames;
  int count;
  int room;
} walk;

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *argument) {
  walk *walk = argument;
  if (walk->count == walk->room) return _URC_END_OF_STACK;
  uintptr_t address = _Unwind_GetIP(context);
  if (address == 0) return _URC_END_OF_STACK;
  walk->frames[walk->count++] = address;
#if defined(__x86_64__)
  // An async function marks the frame pointer that it keeps of its caller; who follows the mark reads no memory.
  const int frame_pointer = 6;
  if (_Unwind_GetGR(context, frame_pointer) >> 60) return _URC_END_OF_STACK;
#endif
  return _URC_NO_REASON;
}

int bakery_frames(uintptr_t *frames, int room) {
  walk walk = {frames, 0, room};
  _Unwind_Backtrace(add_frame, &walk);
  return walk.count;
}

uint32_t bakery_word(const void *word) { return __atomic_load_n((const uint32_t *)word, __ATOMIC_ACQUIRE); }
