// What Swift cannot say: "sleep in the kernel until this word changes", "spin politely", a word that hot
// paths of other modules read without a call, and a signal handler.
//
// No system header but <stdint.h> is included: a module that imports Bakery would otherwise be told that
// `timespec` and its like are defined here.
#ifndef CBAKERYCORE_H
#define CBAKERYCORE_H

#include <stdint.h>

/// Sleeps while `*word == expected`, for at most `nanoseconds` when that is not negative.
/// May return for no reason; the caller looks at the word again.
void bakery_futex_wait(const void *word, uint32_t expected, int64_t nanoseconds);

/// Wakes up to `count` sleepers on `word`.
void bakery_futex_wake(const void *word, int32_t count);

/// Tells the processor that this is a spin loop.
static inline void bakery_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
}

/// Nanoseconds of the monotonic clock; `coarse` reads the value of the last kernel tick, which is cheaper.
int64_t bakery_clock(int coarse);

/// Names the calling thread, as far as the system shows it (15 characters).
void bakery_name_thread(const char *name);

/// The worker of a pool whose thread calls, or null.
void *bakery_current_worker(void);
void bakery_set_current_worker(void *worker);

/// Notes that the next job which the calling thread adds to a pool is a yield's, and goes to the end.
void bakery_will_yield(void);
/// Whether that was noted; forgets it.
int32_t bakery_take_yielding(void);

/// How many processors the process may use.
int32_t bakery_processor_count(void);

/// The calling thread's name as the system shows it, or an empty string elsewhere than on Linux.
void bakery_thread_name(char shown[16]);

/// The calling thread's number as the kernel shows it, or 0 elsewhere than on Linux.
int32_t bakery_thread_id(void);

/// Enough for the blocking call and who called it; a report has to come soon.
#define BAKERY_FRAMES_MAXIMUM 24

/// Asks `thread` where it is and waits for the answer, for `nanoseconds` or a little longer.
///
/// Returns how many addresses of code are in `found`, from the innermost call outwards; 0 when the thread does not answer. It is
/// asked by a signal, so a sleep or `poll` of that thread ends early with EINTR; other calls are begun again by the kernel.
int32_t bakery_thread_frames(
    int32_t thread, int64_t nanoseconds, uintptr_t found[BAKERY_FRAMES_MAXIMUM]);

/// What the loader knows of an address of code: an exported symbol and the file, or null for each.
/// Returns how far the address is from the symbol, or without one from the beginning of the file.
uintptr_t bakery_describe_address(uintptr_t address, const char **symbol, const char **file);

/// One byte of each thread, whose address tells threads apart while they live.
extern _Thread_local char bakery_thread_mark_byte;

static inline uintptr_t bakery_thread_mark(void) { return (uintptr_t)&bakery_thread_mark_byte; }

/// What the calling thread keeps for itself, or null.
extern _Thread_local void *bakery_thread_values_word;

static inline void *bakery_thread_values(void) { return bakery_thread_values_word; }

/// Keeps `values`; when not null, `destroy` is called with the kept pointer at the end of the thread.
void bakery_thread_values_set(void *values, void (*destroy)(void *));

/// What the toolkit reports, as bits; 0 is the usual state. Every hot path tests this word once and
/// takes its slow path when it is not 0, so that observation costs one predictable branch when off.
#define BAKERY_MODE_SCHEDULING 1u
#define BAKERY_MODE_HOLDERS 2u
#define BAKERY_MODE_EVENTS 4u
/// Some threads record holders, see `bakery_thread_holders`.
#define BAKERY_MODE_THREADS 8u
/// Some threads note what they lock, see `bakery_touch`.
#define BAKERY_MODE_TOUCHES 16u
extern uint32_t bakery_mode_word;

static inline uint32_t bakery_mode(void) {
  return __atomic_load_n(&bakery_mode_word, __ATOMIC_RELAXED);
}

/// Sets the bits of `mask` to those of `bits`.
void bakery_mode_set(uint32_t mask, uint32_t bits);

/// Whether the calling thread records holders while `BAKERY_MODE_THREADS` is set.
int bakery_thread_holders(void);
void bakery_thread_set_holders(int records);

/// What schedules the calling thread while `BAKERY_MODE_SCHEDULING` is set, or null.
void *bakery_thread_scheduler(void);
void bakery_thread_set_scheduler(void *scheduler);

/// Tells who asked, on the calling thread, to be told which objects it locks and makes.
void bakery_touch(uintptr_t object, int is_new);
void bakery_thread_set_touch(void (*touch)(uintptr_t object, int is_new));

/// Marks the calling thread as inside a trace sink; false when it was already.
int bakery_enter_sink(void);
void bakery_leave_sink(void);

/// Makes `signal` count up the word that `bakery_signal_wait` sleeps on; 0, or the system's error number.
int bakery_signal_install(int signal);

/// Lets the calling thread take signals: pool threads block them, so the process may have no other that does.
void bakery_signal_unblock(void);

/// Sleeps until a signal has come since the count was `seen`; returns the new count.
uint32_t bakery_signal_wait(uint32_t seen);

#endif
