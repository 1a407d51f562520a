// For pthread_setname_np and sched_getaffinity.
#define _GNU_SOURCE
#include "CBakeryCore.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// The futex call is an instruction, not libc's `syscall`: a tester may interpose that symbol to
// control random numbers, and a lock must not pass through it.
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
static inline long bakery_futex(
    const void *word, long operation, long value, const struct timespec *timeout) {
  (void)word, (void)operation, (void)value, (void)timeout;
  return sched_yield();
}
#endif

void bakery_futex_wait(const void *word, uint32_t expected, int64_t nanoseconds) {
  struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  bakery_futex(word, 128 /* wait, private */, expected, nanoseconds < 0 ? 0 : &timeout);
}

void bakery_futex_wake(const void *word, int32_t count) {
  bakery_futex(word, 129 /* wake, private */, count, 0);
}

int64_t bakery_clock(int coarse) {
  struct timespec time;
#if defined(CLOCK_MONOTONIC_COARSE)
  clock_gettime(coarse ? CLOCK_MONOTONIC_COARSE : CLOCK_MONOTONIC, &time);
#else
  (void)coarse;
  clock_gettime(CLOCK_MONOTONIC, &time);
#endif
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void bakery_name_thread(const char *name) {
#if defined(__linux__)
  char shown[16] = {0};
  strncpy(shown, name, sizeof shown - 1);
  pthread_setname_np(pthread_self(), shown);
#else
  (void)name;
#endif
}

static _Thread_local void *current_worker = 0;

void *bakery_current_worker(void) { return current_worker; }

void bakery_set_current_worker(void *worker) { current_worker = worker; }

static _Thread_local int32_t is_yielding = 0;

void bakery_will_yield(void) { is_yielding = 1; }

int32_t bakery_take_yielding(void) {
  int32_t yields = is_yielding;
  is_yielding = 0;
  return yields;
}

int32_t bakery_processor_count(void) {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online < 1 ? 1 : (int32_t)online;
}

void bakery_thread_name(char shown[16]) {
  shown[0] = 0;
#if defined(__linux__)
  pthread_getname_np(pthread_self(), shown, 16);
#endif
}

uintptr_t bakery_describe_address(uintptr_t address, const char **symbol, const char **file) {
  Dl_info found;
  *symbol = 0;
  *file = 0;
  if (dladdr((const void *)address, &found) == 0) return address;
  *symbol = found.dli_sname;
  *file = found.dli_fname;
  return address - (uintptr_t)(found.dli_sname ? found.dli_saddr : found.dli_fbase);
}

_Thread_local char bakery_thread_mark_byte = 0;
_Thread_local void *bakery_thread_values_word = 0;

static pthread_once_t values_once = PTHREAD_ONCE_INIT;
static pthread_key_t values_key;
static void (*destroy_values)(void *) = 0;

// Reads the word and not its argument: what is destroyed may have put other values there meanwhile.
static void end_of_thread(void *ignored) {
  (void)ignored;
  void *values = bakery_thread_values_word;
  bakery_thread_values_word = 0;
  if (values) __atomic_load_n(&destroy_values, __ATOMIC_RELAXED)(values);
}

static void make_values_key(void) { pthread_key_create(&values_key, end_of_thread); }

void bakery_thread_values_set(void *values, void (*destroy)(void *)) {
  if (destroy) __atomic_store_n(&destroy_values, destroy, __ATOMIC_RELAXED);
  pthread_once(&values_once, make_values_key);
  bakery_thread_values_word = values;
  pthread_setspecific(values_key, values);
}

uint32_t bakery_mode_word = 0;

void bakery_mode_set(uint32_t mask, uint32_t bits) {
  uint32_t old = __atomic_load_n(&bakery_mode_word, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(
      &bakery_mode_word, &old, (old & ~mask) | bits, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

static _Thread_local int thread_holders = 0;

int bakery_thread_holders(void) { return thread_holders; }

void bakery_thread_set_holders(int records) { thread_holders = records; }

static _Thread_local void *thread_scheduler = 0;

void *bakery_thread_scheduler(void) { return thread_scheduler; }

void bakery_thread_set_scheduler(void *scheduler) { thread_scheduler = scheduler; }

static _Thread_local void (*thread_touch)(uintptr_t, int) = 0;

void bakery_touch(uintptr_t object, int is_new) {
  if (thread_touch) thread_touch(object, is_new);
}

void bakery_thread_set_touch(void (*touch)(uintptr_t, int)) { thread_touch = touch; }

static _Thread_local int inside_sink = 0;

int bakery_enter_sink(void) {
  if (inside_sink) return 0;
  inside_sink = 1;
  return 1;
}

void bakery_leave_sink(void) { inside_sink = 0; }

static uint32_t signal_count = 0;

// An atomic addition and a futex call are all that happens here: both may be done in a signal handler.
static void count_signal(int signal) {
  (void)signal;
  int saved = errno;
  __atomic_fetch_add(&signal_count, 1, __ATOMIC_RELEASE);
  bakery_futex_wake(&signal_count, 1);
  errno = saved;
}

int bakery_signal_install(int signal) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = count_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  return sigaction(signal, &action, 0) == 0 ? 0 : errno;
}

void bakery_signal_unblock(void) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, 0);
}

uint32_t bakery_signal_wait(uint32_t seen) {
  uint32_t count;
  while ((count = __atomic_load_n(&signal_count, __ATOMIC_ACQUIRE)) == seen) {
    bakery_futex_wait(&signal_count, seen, -1);
  }
  return count;
}
