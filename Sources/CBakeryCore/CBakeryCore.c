// For pthread_setname_np.
#define _GNU_SOURCE
#include "CBakeryCore.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

void bakery_name_thread(const char *name) {
#if defined(__linux__)
  char shown[16] = {0};
  strncpy(shown, name, sizeof shown - 1);
  pthread_setname_np(pthread_self(), shown);
#else
  (void)name;
#endif
}

uint32_t bakery_mode_word = 0;

void bakery_mode_set(uint32_t mask, uint32_t bits) {
  uint32_t old = __atomic_load_n(&bakery_mode_word, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(
      &bakery_mode_word, &old, (old & ~mask) | bits, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

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

uint32_t bakery_signal_wait(uint32_t seen) {
  uint32_t count;
  while ((count = __atomic_load_n(&signal_count, __ATOMIC_ACQUIRE)) == seen) {
    bakery_futex_wait(&signal_count, seen, -1);
  }
  return count;
}
