// Asks another thread of the process for its call stack.
//
// The answer is written by a signal handler on that thread. It follows the tables for exceptions, not frame pointers: the
// C library, where threads block, is compiled without. Since glibc 2.35 and GCC 12 that walk takes no lock and allocates
// nothing; what it sets up once is set up before the first signal.
#define _GNU_SOURCE
#include "CBakeryCore.h"

#if defined(__linux__)

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

// The threads of Swift's default executor block all signals but those of faults and this one.
#define INSPECTION_SIGNAL SIGPROF

// free ──ask──► the number of the thread that is asked ──its handler begins──► walking ──and ends──► answered ──► free
//                        └──the asker gives up──► free
//
// A late signal of an earlier question finds another number.
enum { FREE = 0, WALKING = -1, ANSWERED = -2 };

static int32_t state = FREE;
// Written by the handler while walking, read by the asker once answered.
static uintptr_t frames[BAKERY_FRAMES_MAXIMUM];
static int32_t frame_count = 0;

static struct sigaction handler_before;

static int change_state(int32_t expected, int32_t desired) {
  return __atomic_compare_exchange_n(
      &state, &expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void set_state(int32_t desired) {
  __atomic_store_n(&state, desired, __ATOMIC_RELEASE);
  bakery_futex_wake(&state, INT32_MAX);
}

// The first two frames are the handler and what the kernel put under it.
static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *seen) {
  int32_t index = (*(int32_t *)seen)++ - 2;
  if (index < 0) return _URC_NO_REASON;
  if (index >= BAKERY_FRAMES_MAXIMUM) return _URC_END_OF_STACK;
  uintptr_t address = _Unwind_GetIP(context);
  if (address == 0) return _URC_END_OF_STACK;
  frames[index] = address;
  frame_count = index + 1;
#if defined(__x86_64__)
  // An async function marks the frame pointer that it keeps of its caller; who follows the mark reads no memory.
  if (_Unwind_GetGR(context, 6) >> 60) return _URC_END_OF_STACK;
#endif
  return _URC_NO_REASON;
}

static void answer(int signal, siginfo_t *info, void *context) {
  int saved = errno;
  if (info->si_code != SI_TKILL || info->si_pid != getpid()) {
    // Somebody else's signal, for example a profiler's timer.
    if (handler_before.sa_flags & SA_SIGINFO) {
      handler_before.sa_sigaction(signal, info, context);
    } else if (handler_before.sa_handler != SIG_DFL && handler_before.sa_handler != SIG_IGN) {
      handler_before.sa_handler(signal);
    }
  } else if (change_state(bakery_thread_id(), WALKING)) {
    int32_t seen = 0;
    frame_count = 0;
    _Unwind_Backtrace(add_frame, &seen);
    set_state(ANSWERED);
  }
  errno = saved;
}

static _Unwind_Reason_Code skip_frame(struct _Unwind_Context *context, void *ignored) {
  (void)context, (void)ignored;
  return _URC_NO_REASON;
}

static pthread_once_t install_once = PTHREAD_ONCE_INIT;

static void install(void) {
  _Unwind_Backtrace(skip_frame, 0);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(INSPECTION_SIGNAL, &action, &handler_before);
}

// Whether the signal still comes here: without a handler it would end the program.
static int is_installed(void) {
  struct sigaction now;
  return sigaction(INSPECTION_SIGNAL, 0, &now) == 0 && now.sa_sigaction == answer;
}

static void wait_for_change(int32_t seen, int64_t nanoseconds) {
  bakery_futex_wait(&state, (uint32_t)seen, nanoseconds);
}

int32_t bakery_thread_frames(
    int32_t thread, int64_t nanoseconds, uintptr_t found[BAKERY_FRAMES_MAXIMUM]) {
  pthread_once(&install_once, install);
  int64_t end = bakery_clock(0) + nanoseconds;
  // Somebody else may be asking.
  while (!change_state(FREE, thread)) {
    int64_t left = end - bakery_clock(0);
    if (left <= 0) return 0;
    int32_t seen = __atomic_load_n(&state, __ATOMIC_RELAXED);
    if (seen != FREE) wait_for_change(seen, left);
  }
  int is_sent =
      is_installed() && syscall(SYS_tgkill, getpid(), thread, INSPECTION_SIGNAL) == 0;
  if (!is_sent) end = 0;
  int32_t seen;
  while ((seen = __atomic_load_n(&state, __ATOMIC_ACQUIRE)) != ANSWERED) {
    int64_t left = end - bakery_clock(0);
    if (left <= 0 && change_state(thread, FREE)) {
      bakery_futex_wake(&state, INT32_MAX);
      return 0;
    }
    // A walk that has begun ends soon, and its buffer is ours only then.
    if (seen != ANSWERED) wait_for_change(seen, left > 0 ? left : -1);
  }
  int32_t count = frame_count;
  memcpy(found, frames, (size_t)count * sizeof *found);
  set_state(FREE);
  return count;
}

int32_t bakery_thread_id(void) { return (int32_t)syscall(SYS_gettid); }

#else

int32_t bakery_thread_frames(
    int32_t thread, int64_t nanoseconds, uintptr_t found[BAKERY_FRAMES_MAXIMUM]) {
  (void)thread, (void)nanoseconds, (void)found;
  return 0;
}

int32_t bakery_thread_id(void) { return 0; }

#endif
