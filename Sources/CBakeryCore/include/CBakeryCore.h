// The two things Swift cannot say: "sleep in the kernel until this word changes" and "spin politely".
//
// The futex call is an instruction, not libc's `syscall`: a tester may interpose that symbol to
// control random numbers, and a lock must not pass through it.
#ifndef CBAKERYCORE_H
#define CBAKERYCORE_H

#include <stdint.h>
#include <time.h>

#if defined(__linux__) && defined(__x86_64__)
#define BAKERY_FUTEX_NUMBER 202L
static inline long bakery_futex(
    const void *word, long operation, long value, const struct timespec *timeout) {
  long result;
  register const struct timespec *fourth __asm__("r10") = timeout;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(BAKERY_FUTEX_NUMBER), "D"(word), "S"(operation), "d"(value), "r"(fourth)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__linux__) && defined(__aarch64__)
#define BAKERY_FUTEX_NUMBER 98L
static inline long bakery_futex(
    const void *word, long operation, long value, const struct timespec *timeout) {
  register long number __asm__("x8") = BAKERY_FUTEX_NUMBER;
  register long first __asm__("x0") = (long)word;
  register long second __asm__("x1") = operation;
  register long third __asm__("x2") = value;
  register const struct timespec *fourth __asm__("x3") = timeout;
  __asm__ volatile("svc #0"
                   : "+r"(first)
                   : "r"(number), "r"(second), "r"(third), "r"(fourth)
                   : "memory");
  return first;
}
#else
// Elsewhere a waiter gives up its time slice and looks again: correct, not efficient, untested.
#include <sched.h>
static inline long bakery_futex(
    const void *word, long operation, long value, const struct timespec *timeout) {
  (void)word, (void)operation, (void)value, (void)timeout;
  return sched_yield();
}
#endif

/// Sleeps while `*word == expected`, for at most `nanoseconds` when that is not negative.
/// May return for no reason; the caller looks at the word again.
static inline void bakery_futex_wait(const void *word, uint32_t expected, int64_t nanoseconds) {
  struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  bakery_futex(word, 128 /* wait, private */, expected, nanoseconds < 0 ? 0 : &timeout);
}

/// Wakes up to `count` sleepers on `word`.
static inline void bakery_futex_wake(const void *word, int32_t count) {
  bakery_futex(word, 129 /* wake, private */, count, 0);
}

/// Tells the processor that this is a spin loop.
static inline void bakery_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
