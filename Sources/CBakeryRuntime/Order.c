#include "Order.h"

#include <stddef.h>
#include <stdlib.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((disable_sanitizer_instrumentation)), apply_to = function)
#endif

// Each step has a number made of what came before it and it depends on: of its cause and, for each object that it touches, of
// the last step that touched it. The sum over all steps does not change when independent steps change places.
typedef struct {
  uintptr_t object;
  uint64_t schedule;
  uint64_t last;
  uint64_t number;
  // The step that made it, if that was seen; counted from 1.
  uint64_t maker;
} place;

static _Thread_local struct {
  // Counts schedules, so that places of earlier ones are free; 0 while nothing is noted.
  uint64_t schedule;
  uint64_t schedules;
  uint64_t step;
  uint64_t steps;
  uint64_t causes;
  uint64_t sum;
  // Open addressing; the size is a power of two, and less than half of the places are taken.
  place *places;
  size_t size;
  size_t taken;
  uint64_t *touched;
  size_t touched_count;
  size_t touched_size;
} order;

static uint64_t mix(uint64_t a, uint64_t b) {
  uint64_t z = (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 29)) * 0x94d049bb133111ebu;
  return z ^ (z >> 32);
}

static void *checked(void *memory) {
  if (!memory) abort();
  return memory;
}

void bakery_order_begin(void) {
  order.schedule = ++order.schedules;
  order.step = order.steps = order.causes = order.sum = order.taken = order.touched_count = 0;
}

void bakery_order_end(void) {
  order.schedule = 0;
  free(order.places);
  free(order.touched);
  order.places = NULL;
  order.touched = NULL;
  order.size = order.touched_size = order.touched_count = 0;
}

uint64_t bakery_order_cause(void) { return mix(order.step, ++order.causes); }

void bakery_order_begin_step(uint64_t cause) {
  order.step = cause;
  order.steps++;
  order.causes = 0;
  order.touched_count = 0;
}

// The place of an object, free if it was not touched in this schedule.
static place *find(place *places, size_t size, uintptr_t object) {
  size_t index = (size_t)(mix(0, object) & (size - 1));
  while (places[index].schedule == order.schedule && places[index].object != object) index = (index + 1) & (size - 1);
  return &places[index];
}

static void grow(void) {
  size_t size = order.size ? 2 * order.size : 64;
  place *places = checked(calloc(size, sizeof *places));
  for (size_t index = 0; index < order.size; index++)
    if (order.places[index].schedule == order.schedule)
      *find(places, size, order.places[index].object) = order.places[index];
  free(order.places);
  order.places = places;
  order.size = size;
}

static place *place_of(uintptr_t object) {
  if (2 * (order.taken + 1) >= order.size) grow();
  place *found = find(order.places, order.size, object);
  if (found->schedule != order.schedule) *found = (place){object, order.schedule, 0, ++order.taken, 0};
  return found;
}

void bakery_order_make(uintptr_t object) {
  if (!order.schedule) return;
  place *found = place_of(object);
  // Another object, which is gone, may have had the address.
  found->last = 0;
  found->maker = order.steps;
}

void bakery_order_touch(uintptr_t object) {
  if (!order.schedule) return;
  place *found = place_of(object);
  if (found->last == order.step) return;
  order.step = mix(order.step, found->last);
  found->last = order.step;
  if (found->maker == order.steps) return;
  for (size_t index = 0; index < order.touched_count; index++)
    if (order.touched[index] == found->number) return;
  if (order.touched_count == order.touched_size) {
    order.touched_size = order.touched_size ? 2 * order.touched_size : 16;
    order.touched = checked(realloc(order.touched, order.touched_size * sizeof *order.touched));
  }
  order.touched[order.touched_count++] = found->number;
}

void bakery_order_end_step(void) { order.sum += mix(order.step, 1); }

void bakery_order_begin_moment(void) {
  order.step = order.sum;
  order.causes = 0;
  order.touched_count = 0;
}

uint64_t bakery_order_hash(void) { return order.sum; }

uint64_t bakery_order_last(void) { return order.touched_count ? order.touched[order.touched_count - 1] : 0; }

uint64_t bakery_order_number(uintptr_t object) {
  if (!order.schedule || !order.size) return 0;
  const place *found = find(order.places, order.size, object);
  return found->schedule == order.schedule ? found->number : 0;
}

uint64_t bakery_order_known(void) { return order.taken; }

const uint64_t *bakery_order_touched(uint64_t *count) {
  *count = order.touched_count;
  return order.touched;
}

#if defined(__clang__)
#pragma clang attribute pop
#endif
