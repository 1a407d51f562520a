// For RTLD_NEXT.
#define _GNU_SOURCE
#include "CBakeryRuntime.h"
#include "Interposing.h"

#include <stddef.h>

#if defined(__linux__) && defined(__x86_64__) && defined(__clang__) && defined(__ELF__)

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Everything here runs inside calls of instrumented code, under the exploration's own discipline.
#pragma clang attribute push(__attribute__((disable_sanitizer_instrumentation)), apply_to = function)

#define SWIFT_CALL __attribute__((swiftcall))
#define SWIFT_ASYNC __attribute__((swiftasynccall))
#define ASYNC_CONTEXT __attribute__((swift_async_context))
#define WEAK_ALIAS(name) __attribute__((weak, alias(name)))

typedef struct {
  void *identity;
  void *implementation;
} executor_ref;

typedef struct {
  void *task;
  void *context;
} task_and_context;

// A record of the list that `swift_task_create` takes; the low byte of the flags is its kind.
typedef struct option_record {
  size_t flags;
  struct option_record *parent;
} option_record;

typedef struct {
  option_record header;
  executor_ref executor;
} executor_record;

typedef struct {
  option_record header;
  const char *name;
} name_record;

enum { option_task_executor = 5, option_task_executor_owned = 6, option_task_name = 7 };

// Offsets and bits of a job and a task, valid for the layout that `bakery_runtime_refusal` checks.
enum {
  job_flags_offset = 32, job_resume_offset = 56, task_context_offset = 64, task_status_offset = 96, task_dependency_offset = 160,
  dependency_target_offset = 16, dependency_kind_offset = 32, task_size = 208, layout_version = 1
};
static const uint32_t status_cancelled = 1u << 8;
static const uint32_t status_running = 1u << 11;
static const uint32_t status_complete = 1u << 13;
static const uint32_t flag_child = 1u << 24;
static const uint32_t flag_async_let = 1u << 27;

typedef SWIFT_ASYNC void (*resume_function)(ASYNC_CONTEXT void *);
typedef SWIFT_CALL task_and_context (*create_function)(size_t, option_record *, void *, void *, void *);
typedef SWIFT_ASYNC void (*switch_function)(ASYNC_CONTEXT void *, resume_function, executor_ref);
typedef int (*clock_function)(clockid_t, struct timespec *);

// Weak: where a runtime of another version lacks one of them, it is null, and exploring is refused.
extern SWIFT_CALL void *swift_task_getCurrent(void) __attribute__((weak));
extern SWIFT_CALL executor_ref swift_task_getCurrentExecutor(void) __attribute__((weak));
extern SWIFT_CALL executor_ref swift_task_getPreferredTaskExecutor(void) __attribute__((weak));
extern SWIFT_CALL executor_ref swift_task_getMainExecutor(void) __attribute__((weak));
extern SWIFT_CALL uint64_t swift_task_getJobTaskId(void *) __attribute__((weak));
extern SWIFT_CALL void swift_task_cancel(void *) __attribute__((weak));
extern void *swift_retain(void *) __attribute__((weak));
extern void swift_release(void *) __attribute__((weak));
extern const size_t _swift_concurrency_debug_asyncTaskSize __attribute__((weak));
extern const uint32_t _swift_concurrency_debug_internal_layout_version __attribute__((weak));

// A hop that takes the way over the run's executor: where the task goes on, and on which actor.
typedef struct {
  void *task;
  resume_function resume;
  executor_ref executor;
} detour;

// The handler of a cancellation, behind one that says that it runs.
typedef SWIFT_CALL void (*handler_function)(__attribute__((swift_context)) void *context);
typedef struct quiet_handler {
  struct quiet_handler *next;
  handler_function function;
  void *context;
} quiet_handler;

struct bakery_run {
  bakery_run_seams seams;
  int quiets_handlers;
  quiet_handler *handlers;
  executor_ref preferred;
  int adopts;
  bakery_run_counts counts;
  // Open addressing by task; the size is a power of two, and less than half of the places are taken.
  detour *detours;
  size_t detour_size;
  size_t detour_count;
  void **tasks;
  size_t task_size;
  size_t task_count;
  int records;
  int keeps;
  uint64_t step;
  bakery_record *log;
  size_t log_size;
  size_t log_count;
};

static _Thread_local bakery_run *current;
static void *global_executor;

static void *checked(void *memory) {
  if (!memory) abort();
  return memory;
}

static void *next_create, *next_switch, *next_clock;

void bakery_runtime_set_global_executor(uintptr_t identity) {
  __atomic_store_n(&global_executor, (void *)identity, __ATOMIC_RELAXED);
}

bakery_run *bakery_run_make(bakery_run_seams seams, uintptr_t identity, uintptr_t implementation) {
  bakery_run *run = checked(calloc(1, sizeof *run));
  run->seams = seams;
  run->preferred = (executor_ref){(void *)identity, (void *)implementation};
  run->detour_size = 64;
  run->detours = checked(calloc(run->detour_size, sizeof *run->detours));
  return run;
}

void bakery_run_free(bakery_run *run) {
  bakery_run_forget_tasks(run);
  bakery_run_record(run, 0);
  free(run->log);
  free(run->tasks);
  free(run->detours);
  free(run);
}

void bakery_run_enter(bakery_run *run) { current = run; }

void *bakery_run_owner(void) { return current ? current->seams.owner : 0; }

void bakery_run_adopt(bakery_run *run, int adopts) { run->adopts = adopts; }

bakery_run_counts bakery_run_read_counts(const bakery_run *run) { return run->counts; }

void bakery_run_record(bakery_run *run, int records) {
  for (size_t index = 0; index < run->log_count; index++) free(run->log[index].name);
  run->log_count = 0;
  run->records = records;
}

void bakery_run_begin_step(bakery_run *run, uint64_t step) { run->step = step; }

const bakery_record *bakery_run_records(const bakery_run *run, uint64_t *count) {
  *count = run->log_count;
  return run->log;
}

static bakery_record *new_record(bakery_run *run, int kind, void *task, uintptr_t place) {
  if (run->log_count == run->log_size) {
    run->log_size = run->log_size ? 2 * run->log_size : 256;
    run->log = checked(realloc(run->log, run->log_size * sizeof *run->log));
  }
  bakery_record *record = &run->log[run->log_count++];
  *record = (bakery_record){run->step, task ? swift_task_getJobTaskId(task) : 0, place, 0, 0, 0, kind};
  return record;
}

// Every task of a run prefers its executor, and no other task that may get onto its thread does.
static int is_stray(void) {
  return swift_task_getCurrent() && !swift_task_getPreferredTaskExecutor().identity;
}

int bakery_run_is_stray(void) { return current && is_stray(); }

static uint32_t job_flags(const void *job) {
  return *(const uint32_t *)((const char *)job + job_flags_offset);
}

uint32_t bakery_job_kind(const void *job) { return job_flags(job) & 0xff; }

uint64_t bakery_job_task(void *job) { return swift_task_getJobTaskId(job); }

// Tasks with a parent are cancelled with it, and those of `async let` live in its memory.
static void keep_task(bakery_run *run, void *task) {
  uint32_t flags = job_flags(task);
  if (flags & flag_async_let || (flags & flag_child && !run->records && !run->keeps)) return;
  if (run->task_count == run->task_size) {
    run->task_size = run->task_size ? 2 * run->task_size : 16;
    run->tasks = checked(realloc(run->tasks, run->task_size * sizeof *run->tasks));
  }
  run->tasks[run->task_count++] = swift_retain(task);
}

void bakery_run_keep_tasks(bakery_run *run, int keeps) { run->keeps = keeps; }

void bakery_run_cancel_tasks(bakery_run *run) {
  // A cancellation handler may create further tasks, which are cancelled as well.
  for (size_t index = 0; index < run->task_count; index++) swift_task_cancel(run->tasks[index]);
}

static int has_status(const void *task, uint32_t bit) {
  const uint32_t *status = (const uint32_t *)((const char *)task + task_status_offset);
  return (__atomic_load_n(status, __ATOMIC_RELAXED) & bit) != 0;
}

static int is_complete(const void *task) { return has_status(task, status_complete); }

uint64_t bakery_run_cancelled_tasks(const bakery_run *run) {
  uint64_t count = 0;
  for (size_t index = 0; index < run->task_count; index++) count += has_status(run->tasks[index], status_cancelled);
  return count;
}

uint64_t bakery_run_unfinished_tasks(const bakery_run *run) {
  uint64_t count = 0;
  for (size_t index = 0; index < run->task_count; index++) count += !is_complete(run->tasks[index]);
  return count;
}

void *bakery_run_unfinished_task(const bakery_run *run, uint64_t number) {
  for (size_t index = 0; index < run->task_count; index++)
    if (!is_complete(run->tasks[index]) && number-- == 0) return run->tasks[index];
  return 0;
}

void bakery_run_forget_tasks(bakery_run *run) {
  // What is let go may run somebody's deinit, which may create tasks.
  while (run->task_count) swift_release(run->tasks[--run->task_count]);
  while (run->handlers) {
    quiet_handler *handler = run->handlers;
    run->handlers = handler->next;
    free(handler);
  }
}

// Task creation: the run's executor becomes the task's preference, so that all its jobs come to it.
static SWIFT_CALL task_and_context own_create(
    size_t flags, option_record *options, void *type, void *entry, void *context) {
  create_function create = (create_function)next_function(&next_create, "swift_task_create");
  bakery_run *run = current;
  if (!run || (!run->adopts && is_stray())) return create(flags, options, type, entry, context);
  run->counts.creations++;
  executor_record injected;
  executor_record *given = 0;
  const char *name = 0;
  for (option_record *record = options; record; record = record->parent) {
    size_t kind = record->flags & 0xff;
    if (kind == option_task_executor || kind == option_task_executor_owned) given = (executor_record *)record;
    if (kind == option_task_name) name = ((name_record *)record)->name;
  }
  if (!given) {
    injected.header = (option_record){option_task_executor, options};
    injected.executor = run->preferred;
    options = &injected.header;
  } else if (
      !given->executor.identity
      || given->executor.identity == __atomic_load_n(&global_executor, __ATOMIC_RELAXED)) {
    // `Task.immediate` and a preference of nil pass an empty record, which would win over an injected one.
    given->header.flags = (given->header.flags & ~(size_t)0xff) | option_task_executor;
    given->executor = run->preferred;
  }
  task_and_context made = create(flags, options, type, entry, context);
  keep_task(run, made.task);
  bakery_order_make((uintptr_t)made.task);
  if (run->records) {
    // The entry is a record that begins with the distance to the code.
    uintptr_t place = (uintptr_t)entry + (intptr_t)*(const int32_t *)entry;
    bakery_record *record = new_record(run, BAKERY_RECORD_CREATED, made.task, place);
    void *creator = swift_task_getCurrent();
    if (creator) record->creator = swift_task_getJobTaskId(creator);
    if (name) record->name = strdup(name);
  }
  return made;
}

WEAK_ALIAS("own_create")
SWIFT_CALL task_and_context swift_task_create(
    size_t flags, option_record *options, void *type, void *entry, void *context);

typedef SWIFT_CALL void (*initialize_function)(void *);

// An actor that is known from its beginning is not taken for one that was there before.
static SWIFT_CALL void own_initialize(void *actor) {
  static void *next;
  initialize_function initialize = (initialize_function)next_function(&next, "swift_defaultActor_initialize");
  initialize(actor);
  if (current && !is_stray()) bakery_order_make((uintptr_t)actor);
}

WEAK_ALIAS("own_initialize") SWIFT_CALL void swift_defaultActor_initialize(void *actor);

static size_t detour_index(const bakery_run *run, const void *task) {
  return (size_t)(((uintptr_t)task >> 4) * 0x9e3779b97f4a7c15u >> 20) & (run->detour_size - 1);
}

static void place_detour(bakery_run *run, detour entry) {
  size_t index = detour_index(run, entry.task);
  while (run->detours[index].task) index = (index + 1) & (run->detour_size - 1);
  run->detours[index] = entry;
}

static void add_detour(bakery_run *run, detour entry) {
  if (2 * ++run->detour_count >= run->detour_size) {
    detour *old = run->detours;
    size_t old_size = run->detour_size;
    run->detour_size *= 2;
    run->detours = checked(calloc(run->detour_size, sizeof *run->detours));
    for (size_t index = 0; index < old_size; index++)
      if (old[index].task) place_detour(run, old[index]);
    free(old);
  }
  place_detour(run, entry);
}

static detour take_detour(bakery_run *run, const void *task) {
  size_t mask = run->detour_size - 1;
  size_t index = detour_index(run, task);
  while (run->detours[index].task != task) {
    // Nobody else ends a detour that was not begun; better no process than one that looks for ever.
    if (!run->detours[index].task) abort();
    index = (index + 1) & mask;
  }
  detour taken = run->detours[index];
  run->detours[index].task = 0;
  run->detour_count--;
  // What stands behind may have been pushed there by the one taken.
  for (size_t next = (index + 1) & mask; run->detours[next].task; next = (next + 1) & mask) {
    detour moved = run->detours[next];
    run->detours[next].task = 0;
    place_detour(run, moved);
  }
  return taken;
}

static SWIFT_ASYNC void end_detour(ASYNC_CONTEXT void *context, resume_function unused, executor_ref none);

// The job of an actor lies inside it, at the same distance in all of them. That is found out at the first hop that makes such a
// job ready.
static _Thread_local uintptr_t hop_target;
static uintptr_t actor_distance;

enum { job_kind_actor = 192 };

uintptr_t bakery_job_object(void *job) {
  uintptr_t address = (uintptr_t)job;
  if ((job_flags(job) & 0xff) != job_kind_actor) return address;
  uintptr_t distance = __atomic_load_n(&actor_distance, __ATOMIC_RELAXED);
  if (!distance && hop_target && address > hop_target && address - hop_target < 256) {
    distance = address - hop_target;
    __atomic_store_n(&actor_distance, distance, __ATOMIC_RELAXED);
  }
  return address - distance;
}

static void touch_actor(executor_ref executor) {
  if (!executor.identity) return;
  hop_target = (uintptr_t)executor.identity;
  bakery_order_touch(hop_target);
}

// While a run is recorded, a hop to an actor arrives here first, to say who begins to run there. An actor that is
// also used outside may run it on any thread, so these entries belong to nobody's run.
typedef struct arrival {
  struct arrival *next;
  void *task;
  resume_function resume;
  executor_ref executor;
} arrival;

static pthread_mutex_t arrivals_lock = PTHREAD_MUTEX_INITIALIZER;
static arrival *arrivals;

static arrival take_arrival(const void *task) {
  pthread_mutex_lock(&arrivals_lock);
  arrival **place = &arrivals;
  while (*place && (*place)->task != task) place = &(*place)->next;
  arrival *found = checked(*place);
  *place = found->next;
  pthread_mutex_unlock(&arrivals_lock);
  arrival taken = *found;
  free(found);
  return taken;
}

static SWIFT_ASYNC void arrive(ASYNC_CONTEXT void *context) {
  void *task = swift_task_getCurrent();
  arrival taken = take_arrival(task);
  bakery_run *run = current;
  if (run && run->records) {
    bakery_record *record = new_record(run, BAKERY_RECORD_RUNS, task, (uintptr_t)taken.resume);
    // An actor of the default kind has no table of its own, and its object begins with its type.
    if (!taken.executor.implementation) record->actor = *(const void **)taken.executor.identity;
  }
  __attribute__((musttail)) return taken.resume(context);
}

static resume_function through_arrival(resume_function resume, executor_ref executor) {
  arrival *entry = checked(malloc(sizeof *entry));
  pthread_mutex_lock(&arrivals_lock);
  *entry = (arrival){arrivals, swift_task_getCurrent(), resume, executor};
  arrivals = entry;
  pthread_mutex_unlock(&arrivals_lock);
  return arrive;
}

static int is_in_runtime(uintptr_t place) {
  Dl_info there, runtime;
  return dladdr((void *)place, &there) && dladdr((void *)swift_task_getJobTaskId, &runtime)
      && there.dli_fbase == runtime.dli_fbase;
}

// A context begins with the caller's context and the address at which the caller goes on.
typedef struct async_context {
  struct async_context *parent;
  uintptr_t resume;
} async_context;

// Where a task that does not run goes on in code that is not the runtime's; 0 when it has not begun.
static uintptr_t place_of_task(const void *task, uintptr_t place) {
  const async_context *context = *(const async_context *const *)((const char *)task + task_context_offset);
  for (; place && is_in_runtime(place); context = context->parent) {
    if (!context) return 0;
    place = context->resume;
  }
  return place;
}

int bakery_task_stack(const void *task, uintptr_t *places, int room) {
  const uint32_t *status = (const uint32_t *)((const char *)task + task_status_offset);
  if (__atomic_load_n(status, __ATOMIC_RELAXED) & (status_complete | status_running)) return 0;
  const async_context *context = *(const async_context *const *)((const char *)task + task_context_offset);
  uintptr_t place = *(const uintptr_t *)((const char *)task + job_resume_offset);
  int count = 0;
  while (place && count < room) {
    if (!is_in_runtime(place)) places[count++] = place;
    if (!context) break;
    place = context->resume;
    context = context->parent;
  }
  return count;
}

bakery_wait bakery_task_wait(const void *task) {
  const char *record = *(const char *const *)((const char *)task + task_dependency_offset);
  if (!record || is_complete(task)) return (bakery_wait){0, 0};
  return (bakery_wait){
      *(const uint32_t *)(record + dependency_kind_offset), *(void *const *)(record + dependency_target_offset)};
}

void *bakery_task_parent(const void *task) {
  return job_flags(task) & flag_child ? *(void *const *)((const char *)task + task_size) : 0;
}

void bakery_run_touch_waits(bakery_run *run, void *job, uint32_t kind) {
  if (kind == BAKERY_JOB_TASK) {
    bakery_wait wait = bakery_task_wait(job);
    if (wait.kind == 1) bakery_order_touch((uintptr_t)wait.target);
    if (wait.kind == 3 || is_complete(job)) bakery_order_touch((uintptr_t)job);
    if (is_complete(job) && job_flags(job) & flag_child) bakery_order_touch((uintptr_t)bakery_task_parent(job));
    return;
  }
  // Several tasks may have gone on in the step of an actor, so whatever a task waits for was perhaps begun to be waited for.
  for (size_t index = 0; index < run->task_count; index++) {
    bakery_wait wait = bakery_task_wait(run->tasks[index]);
    if (wait.kind == 1) bakery_order_touch((uintptr_t)wait.target);
    if (wait.kind == 3) bakery_order_touch((uintptr_t)run->tasks[index]);
  }
}

void bakery_run_record_job(bakery_run *run, void *job) {
  if (!run->records || bakery_job_kind(job) != BAKERY_JOB_TASK) return;
  uintptr_t place = *(const uintptr_t *)((const char *)job + job_resume_offset);
  // These two are on their way to an actor, and tell when they are there.
  if (place == (uintptr_t)arrive || place == (uintptr_t)end_detour) return;
  new_record(run, BAKERY_RECORD_RUNS, job, place_of_task(job, place));
}

void bakery_run_record_point(bakery_run *run, uint64_t task, uintptr_t place) {
  if (!run->records) return;
  new_record(run, BAKERY_RECORD_RUNS, 0, place)->task = task;
}

// Has the parameters of the function that it ends in, as a guaranteed tail call requires; the last two are garbage.
static SWIFT_ASYNC void end_detour(ASYNC_CONTEXT void *context, resume_function unused, executor_ref none) {
  (void)unused, (void)none;
  detour taken = take_detour(current, swift_task_getCurrent());
  switch_function hop = (switch_function)next_function(&next_switch, "swift_task_switch");
  touch_actor(taken.executor);
  __attribute__((musttail)) return hop(context, taken.resume, taken.executor);
}

// An actor that brings an executor runs where that says.
static void note_own_executor(executor_ref executor, resume_function resume, const async_context *context) {
  if (executor.identity == swift_task_getMainExecutor().identity) return;
  uintptr_t caller = context && context->parent ? context->resume : 0;
  bakery_outside_note_hop("unownedExecutor", *(const void **)executor.identity, (uintptr_t)resume, caller);
}

// Hops: the runtime goes from one actor to another in place. The way over the run's executor makes each such hop
// a point at which another task may go first, as it is when that actor is busy.
static SWIFT_ASYNC void own_switch(ASYNC_CONTEXT void *context, resume_function resume, executor_ref executor) {
  switch_function hop = (switch_function)next_function(&next_switch, "swift_task_switch");
  bakery_run *run = current;
  if (run) {
    if (is_stray()) {
      run->counts.strays++;
    } else {
      run->counts.hops++;
      if (executor.implementation) note_own_executor(executor, resume, context);
      executor_ref here = executor.identity ? swift_task_getCurrentExecutor() : (executor_ref){0, 0};
      if (run->records && executor.identity && here.identity != executor.identity)
        resume = through_arrival(resume, executor);
      if (here.identity && here.identity != executor.identity) {
        run->counts.bounces++;
        add_detour(run, (detour){swift_task_getCurrent(), resume, executor});
        __attribute__((musttail)) return hop(context, (resume_function)(void *)end_detour, (executor_ref){0, 0});
      }
      touch_actor(executor);
    }
  }
  __attribute__((musttail)) return hop(context, resume, executor);
}

WEAK_ALIAS("own_switch")
SWIFT_ASYNC void swift_task_switch(ASYNC_CONTEXT void *context, resume_function resume, executor_ref executor);

// Handlers of cancellations: the runtime holds a lock of the cancelled task around them, which that task takes when it leaves the
// scope of the handler. A thread that waited for it would keep the run from going on, so a handler is one step.
static _Thread_local int handlers_running;

int bakery_runs_handler(void) { return handlers_running != 0; }

void bakery_run_quiet_handlers(bakery_run *run) { run->quiets_handlers = 1; }

static SWIFT_CALL void run_quietly(__attribute__((swift_context)) void *context) {
  quiet_handler *handler = context;
  handlers_running++;
  handler->function(handler->context);
  handlers_running--;
}

typedef SWIFT_ASYNC void (*handler_scope_function)(
    void *result, void *operation, void *operation_context, handler_function handler, void *handler_context, void *actor,
    void *actor_table, const void *type, ASYNC_CONTEXT void *context);

#define HANDLER_SCOPE "$ss27withTaskCancellationHandler9operation8onCancel9isolationxxyYaKXE_yyYbXEScA_pSgYitYaKlF"

static SWIFT_ASYNC void own_handler_scope(
    void *result, void *operation, void *operation_context, handler_function handler, void *handler_context, void *actor,
    void *actor_table, const void *type, ASYNC_CONTEXT void *context) {
  static void *next;
  handler_scope_function scope = (handler_scope_function)next_function(&next, HANDLER_SCOPE);
  bakery_run *run = current;
  if (run && run->quiets_handlers) {
    // Kept until the schedule's end: who is inside the scope may suspend, and go on at any time.
    quiet_handler *quiet = checked(malloc(sizeof *quiet));
    *quiet = (quiet_handler){run->handlers, handler, handler_context};
    run->handlers = quiet;
    handler = run_quietly;
    handler_context = quiet;
  }
  __attribute__((musttail)) return scope(
      result, operation, operation_context, handler, handler_context, actor, actor_table, type, context);
}

WEAK_ALIAS("own_handler_scope")
SWIFT_ASYNC void with_task_cancellation_handler(
    void *result, void *operation, void *operation_context, handler_function handler, void *handler_context, void *actor,
    void *actor_table, const void *type, ASYNC_CONTEXT void *context) __asm__(HANDLER_SCOPE);

static long raw_call(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  register long sixth __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
}

static long with_errno(long result) {
  if (result >= 0 || result < -4095) return result;
  errno = (int)-result;
  return -1;
}

static int real_clock(clockid_t clock, struct timespec *time) {
  clock_function next = (clock_function)next_function(&next_clock, "clock_gettime");
  if (next) return next(clock, time);
  return (int)with_errno(raw_call(SYS_clock_gettime, clock, (long)time, 0, 0, 0, 0));
}

// 2000-01-01, so that dates in explored code are dates.
static const int64_t start_of_dates = 946684800;
// Not 0: libdispatch takes times near 0 for "never".
static const int64_t start_of_uptime = 1;

static int own_clock(clockid_t clock, struct timespec *time) {
  bakery_run *run = current;
  int64_t start;
  if (!run) return real_clock(clock, time);
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: start = start_of_dates; break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: start = start_of_uptime; break;
    default: return real_clock(clock, time);
  }
  run->counts.clock_reads++;
  int64_t now = run->seams.now(run->seams.owner);
  time->tv_sec = start + now / 1000000000;
  time->tv_nsec = now % 1000000000;
  return 0;
}

// Not weak: the thread sanitizer brings a definition of its own. No static library of Swift has one, and the C
// library's is weak.
int clock_gettime(clockid_t clock, struct timespec *time) __attribute__((alias("own_clock")));

int64_t bakery_real_clock(void) {
  struct timespec time;
  real_clock(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// The standard library draws its random numbers through libc's `syscall`. All other calls are made here as libc
// would make them.
static long own_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long argument[6];
  for (int index = 0; index < 6; index++) argument[index] = va_arg(list, long);
  va_end(list);
  bakery_run *run = current;
  if (run && number == SYS_getrandom) {
    run->counts.random_reads++;
    unsigned char *bytes = (unsigned char *)argument[0];
    for (long done = 0; done < argument[1]; done += 8) {
      uint64_t random = run->seams.random(run->seams.owner);
      long count = argument[1] - done;
      memcpy(bytes + done, &random, count < 8 ? (size_t)count : 8);
    }
    return argument[1];
  }
  return with_errno(raw_call(
      number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]));
}

WEAK_ALIAS("own_syscall") long syscall(long number, ...);

// Whether the whole process calls `own` by that name, and there is another one behind it.
static int is_interposed(const char *name, const void *own) {
  return dlsym(RTLD_DEFAULT, name) == own && dlsym(RTLD_NEXT, name);
}

const char *bakery_runtime_refusal(void) {
  if (!&_swift_concurrency_debug_asyncTaskSize || !&_swift_concurrency_debug_internal_layout_version
      || _swift_concurrency_debug_asyncTaskSize != task_size
      || _swift_concurrency_debug_internal_layout_version != layout_version)
    return "the tasks of this Swift runtime have a layout that is not known here";
  if (!swift_task_getCurrent || !swift_task_getCurrentExecutor || !swift_task_getPreferredTaskExecutor
      || !swift_task_getMainExecutor || !swift_task_getJobTaskId || !swift_task_cancel || !swift_retain || !swift_release)
    return "this Swift runtime lacks a function that is needed";
  if (!is_interposed("swift_task_create", (void *)own_create)
      || !is_interposed("swift_task_switch", (void *)own_switch)
      || !is_interposed("swift_defaultActor_initialize", (void *)own_initialize)
      || !is_interposed(HANDLER_SCOPE, (void *)own_handler_scope))
    return "the creation of tasks cannot be observed in this program: it links Swift's libraries statically, "
           "or BakeryTesting is in a dynamic library";
  if (!is_interposed("clock_gettime", (void *)own_clock) || !is_interposed("syscall", (void *)own_syscall))
    return "clocks and random numbers cannot be replaced in this program";
  return 0;
}

const char *bakery_place_of(uintptr_t place, uintptr_t *offset) {
  Dl_info info;
  if (!dladdr((void *)place, &info) || !info.dli_fname) return 0;
  *offset = place - (uintptr_t)info.dli_fbase;
  // The program itself is known by the name that it was started with, which may be relative to another folder.
  static _Thread_local char path[4096];
  Dl_info own;
  if (!dladdr((void *)bakery_place_of, &own) || own.dli_fbase != info.dli_fbase) return info.dli_fname;
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return path;
}

void bakery_free(char *text) { free(text); }

char *bakery_demangled(const char *symbol) {
  typedef char *(*demangle_function)(const char *, size_t, char *, size_t *, uint32_t);
  demangle_function demangle = (demangle_function)dlsym(RTLD_DEFAULT, "swift_demangle");
  return demangle ? demangle(symbol, strlen(symbol), 0, 0, 0) : 0;
}

char *bakery_output_of(const char *command) {
  FILE *stream = popen(command, "r");
  if (!stream) return 0;
  size_t size = 1 << 16, count = 0, got;
  char *text = checked(malloc(size));
  while ((got = fread(text + count, 1, size - count - 1, stream)) > 0) {
    count += got;
    if (count + 1 == size) text = checked(realloc(text, size *= 2));
  }
  text[count] = 0;
  pclose(stream);
  return text;
}

// The main queue: while an exploration runs code of the main actor, nobody else may.
typedef void (*work_function)(void *);
typedef void (*async_function)(void *queue, void *context, work_function work);
typedef void (*set_specific_function)(void *queue, const void *key, void *value, work_function destroy);
typedef void *(*get_specific_function)(const void *key);

typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  // 0 asked for, 1 the queue is ours, 2 given back.
  int state;
} queue_loan;

static const char main_queue_key = 0;

static void wait_for(queue_loan *loan, int state) {
  pthread_mutex_lock(&loan->mutex);
  while (loan->state < state) pthread_cond_wait(&loan->changed, &loan->mutex);
  pthread_mutex_unlock(&loan->mutex);
}

static void advance(queue_loan *loan, int state) {
  pthread_mutex_lock(&loan->mutex);
  loan->state = state;
  pthread_cond_broadcast(&loan->changed);
  pthread_mutex_unlock(&loan->mutex);
}

static void hold_main_queue(void *context) {
  queue_loan *loan = context;
  advance(loan, 1);
  wait_for(loan, 2);
  free(loan);
}

void *bakery_main_queue_borrow(void) {
  void *queue = dlsym(RTLD_DEFAULT, "_dispatch_main_q");
  async_function async = (async_function)dlsym(RTLD_DEFAULT, "dispatch_async_f");
  get_specific_function get = (get_specific_function)dlsym(RTLD_DEFAULT, "dispatch_get_specific");
  set_specific_function set = (set_specific_function)dlsym(RTLD_DEFAULT, "dispatch_queue_set_specific");
  if (!queue || !async || !get || !set || gettid() == getpid()) return 0;
  set(queue, &main_queue_key, queue, 0);
  if (get(&main_queue_key)) return 0;
  queue_loan *loan = checked(calloc(1, sizeof *loan));
  pthread_mutex_init(&loan->mutex, 0);
  pthread_cond_init(&loan->changed, 0);
  async(queue, loan, hold_main_queue);
  wait_for(loan, 1);
  return loan;
}

void bakery_main_queue_return(void *loan) {
  if (loan) advance(loan, 2);
}

// Before `main`, because executors cannot be replaced while somebody uses them. The function is BakeryTesting's, and
// missing where that has no adapter for the compiler.
extern void bakery_testing_install(void) __attribute__((weak));

__attribute__((constructor)) static void install(void) {
  if (bakery_testing_install && !bakery_runtime_refusal()) bakery_testing_install();
}

#pragma clang attribute pop

#else

const char *bakery_runtime_refusal(void) {
  return "exploring needs Linux on x86-64, where its use of the Swift runtime was tried";
}

void bakery_runtime_set_global_executor(uintptr_t identity) { (void)identity; }

bakery_run *bakery_run_make(bakery_run_seams seams, uintptr_t identity, uintptr_t implementation) {
  (void)seams, (void)identity, (void)implementation;
  return NULL;
}

void bakery_run_free(bakery_run *run) { (void)run; }
void bakery_run_enter(bakery_run *run) { (void)run; }
void *bakery_run_owner(void) { return NULL; }
int bakery_run_is_stray(void) { return 0; }
void bakery_run_adopt(bakery_run *run, int adopts) { (void)run, (void)adopts; }

bakery_run_counts bakery_run_read_counts(const bakery_run *run) {
  (void)run;
  return (bakery_run_counts){0};
}

void bakery_run_quiet_handlers(bakery_run *run) { (void)run; }
int bakery_runs_handler(void) { return 0; }
void bakery_run_cancel_tasks(bakery_run *run) { (void)run; }

uint64_t bakery_run_unfinished_tasks(const bakery_run *run) {
  (void)run;
  return 0;
}

void bakery_run_forget_tasks(bakery_run *run) { (void)run; }

void bakery_run_record(bakery_run *run, int records) { (void)run, (void)records; }
void bakery_run_begin_step(bakery_run *run, uint64_t step) { (void)run, (void)step; }
void bakery_run_record_job(bakery_run *run, void *job) { (void)run, (void)job; }

void bakery_run_record_point(bakery_run *run, uint64_t task, uintptr_t place) {
  (void)run, (void)task, (void)place;
}

const bakery_record *bakery_run_records(const bakery_run *run, uint64_t *count) {
  (void)run;
  *count = 0;
  return NULL;
}

bakery_wait bakery_task_wait(const void *task) {
  (void)task;
  return (bakery_wait){0, NULL};
}

void *bakery_task_parent(const void *task) {
  (void)task;
  return NULL;
}

int bakery_task_stack(const void *task, uintptr_t *places, int room) {
  (void)task, (void)places, (void)room;
  return 0;
}

void *bakery_run_unfinished_task(const bakery_run *run, uint64_t number) {
  (void)run, (void)number;
  return NULL;
}

const char *bakery_place_of(uintptr_t place, uintptr_t *offset) {
  (void)place, (void)offset;
  return NULL;
}

void bakery_free(char *text) { (void)text; }

char *bakery_demangled(const char *symbol) {
  (void)symbol;
  return NULL;
}

char *bakery_output_of(const char *command) {
  (void)command;
  return NULL;
}

uint32_t bakery_job_kind(const void *job) {
  (void)job;
  return 0;
}

uint64_t bakery_job_task(void *job) {
  (void)job;
  return 0;
}

uintptr_t bakery_job_object(void *job) { return (uintptr_t)job; }
void bakery_run_keep_tasks(bakery_run *run, int keeps) { (void)run, (void)keeps; }
uint64_t bakery_run_cancelled_tasks(const bakery_run *run) { return (void)run, 0; }
void bakery_run_touch_waits(bakery_run *run, void *job, uint32_t kind) { (void)run, (void)job, (void)kind; }
int64_t bakery_real_clock(void) { return 0; }
void *bakery_main_queue_borrow(void) { return NULL; }
void bakery_main_queue_return(void *loan) { (void)loan; }

#endif
