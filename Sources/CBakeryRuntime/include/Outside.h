// What explored code asks of the world outside its exploration.
#ifndef BAKERY_OUTSIDE_H
#define BAKERY_OUTSIDE_H

#include <stdint.h>

#define BAKERY_OUTSIDE_FRAMES 24

/// A call that begins something which no schedule decides.
typedef struct {
  /// The function that was called, or null.
  const char *api;
  /// The type of the executor that an actor brings, or null.
  const void *type;
  /// The addresses of the calls that led there, from the innermost outwards.
  uintptr_t frames[BAKERY_OUTSIDE_FRAMES];
  int count;
} bakery_outside;

/// Whether such calls can be seen in this program; the thread sanitizer takes the same functions.
int bakery_outside_is_seen(void);

/// Notes on the calling thread the first such call from now on, or ends that.
void bakery_outside_watch(int watches);

/// The call that was noted on the calling thread; its `count` is 0 when there was none.
const bakery_outside *bakery_outside_first(void);

/// Notes that a task goes on at `place`, called by `caller`, on an executor of that type.
void bakery_outside_note_hop(const char *api, const void *type, uintptr_t place, uintptr_t caller);

#endif
