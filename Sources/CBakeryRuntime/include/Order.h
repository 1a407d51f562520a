// Which steps of a schedule depend on one another: those that touch the same object, and those of which one made the other ready.
#ifndef BAKERY_ORDER_H
#define BAKERY_ORDER_H

#include <stdint.h>

/// Begins, on the calling thread, to note what the steps of a schedule touch; forgets the schedule before.
void bakery_order_begin(void);

/// Ends that, with the memory it took.
void bakery_order_end(void);

/// What becomes ready now comes of this: to be given to `bakery_order_begin_step`.
uint64_t bakery_order_cause(void);

/// A step begins, which is ready because of `cause`.
void bakery_order_begin_step(uint64_t cause);

/// The step touches an object, known by its address or another number.
void bakery_order_touch(uintptr_t object);

/// The step makes an object, which no other one can touch before.
void bakery_order_make(uintptr_t object);

/// The step ends.
void bakery_order_end_step(void);

/// What follows comes after all steps so far.
void bakery_order_begin_moment(void);

/// What two schedules have in common that differ only in the order of independent steps.
uint64_t bakery_order_hash(void);

/// What the last step touched but did not make: the numbers of objects, counted as they are first seen. Two schedules that begin
/// with the same steps give the same numbers to what was seen in these.
const uint64_t *bakery_order_touched(uint64_t *count);

/// The number of what the step touched last, and of an object; 0 if there is none.
uint64_t bakery_order_last(void);
uint64_t bakery_order_number(uintptr_t object);

/// How many objects have a number.
uint64_t bakery_order_known(void);

#endif
