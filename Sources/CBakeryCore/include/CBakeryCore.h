// What Swift cannot say: "sleep in the kernel until this word changes", "spin politely", a word that hot
// paths of other modules read without a call, and a signal handler.
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

/// Names the calling thread, as far as the system shows it (15 characters).
void bakery_name_thread(const char *name);

/// What the toolkit reports, as bits; 0 is the usual state. Every hot path tests this word once and
/// takes its slow path when it is not 0, so that observation costs one predictable branch when off.
#define BAKERY_MODE_SCHEDULING 1u
#define BAKERY_MODE_HOLDERS 2u
#define BAKERY_MODE_EVENTS 4u
extern uint32_t bakery_mode_word;

static inline uint32_t bakery_mode(void) {
  return __atomic_load_n(&bakery_mode_word, __ATOMIC_RELAXED);
}

/// Sets the bits of `mask` to those of `bits`.
void bakery_mode_set(uint32_t mask, uint32_t bits);

/// Marks the calling thread as inside a trace sink; false when it was already.
int bakery_enter_sink(void);
void bakery_leave_sink(void);

/// Makes `signal` count up the word that `bakery_signal_wait` sleeps on; 0, or the system's error number.
int bakery_signal_install(int signal);

/// Sleeps until a signal has come since the count was `seen`; returns the new count.
uint32_t bakery_signal_wait(uint32_t seen);

#endif
