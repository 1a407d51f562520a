// What the tester needs of the Swift runtime beyond its public interface, for the one compiler and processor
// that it was tried on. Elsewhere the functions are there, `bakery_runtime_refusal` says why they do nothing, and
// nothing is interposed.
//
// Layouts and calls: swiftlang/swift at tag swift-6.3.1-RELEASE, include/swift/ABI/Task.h, TaskOptions.h,
// MetadataValues.h and stdlib/public/Concurrency.
#ifndef CBAKERYRUNTIME_H
#define CBAKERYRUNTIME_H

#include <stdint.h>

#include "Order.h"
#include "Outside.h"

/// What one exploring thread knows; entered by one thread at a time.
typedef struct bakery_run bakery_run;

/// Where the time and chance of an exploring thread come from.
typedef struct {
  void *owner;
  int64_t (*now)(void *owner);
  uint64_t (*random)(void *owner);
} bakery_run_seams;

/// How often the interposed functions were called on the thread of a run.
typedef struct {
  uint64_t creations;
  uint64_t hops;
  uint64_t bounces;
  /// Calls by tasks that are not of the exploration: they came through an actor that both sides use.
  uint64_t strays;
  uint64_t clock_reads;
  uint64_t random_reads;
} bakery_run_counts;

/// Null when the functions of the runtime are interposed and have the known layout, otherwise why not.
const char *bakery_runtime_refusal(void);

/// Tells which executor stands for "any thread" (`globalConcurrentExecutor`).
void bakery_runtime_set_global_executor(uintptr_t identity);

/// Makes the state of a run whose tasks prefer the executor with these two words.
bakery_run *bakery_run_make(bakery_run_seams seams, uintptr_t identity, uintptr_t implementation);

/// Frees a run that no task of it will touch again.
void bakery_run_free(bakery_run *run);

/// Makes `run` the calling thread's, or none when null.
void bakery_run_enter(bakery_run *run);

/// The owner of the calling thread's run, or null.
void *bakery_run_owner(void);

/// True when the current task is not one of the calling thread's run.
int bakery_run_is_stray(void);

/// While set, created tasks belong to the run whoever creates them: for the first task of a schedule.
void bakery_run_adopt(bakery_run *run, int adopts);

bakery_run_counts bakery_run_read_counts(const bakery_run *run);

/// Lets `bakery_runs_handler` know of the handlers of cancellations that tasks of the run install from now on.
void bakery_run_quiet_handlers(bakery_run *run);

/// Whether the calling thread runs such a handler.
int bakery_runs_handler(void);

/// Cancels all tasks that were created without a parent and have not been forgotten.
void bakery_run_cancel_tasks(bakery_run *run);

/// How many of those tasks have not ended.
uint64_t bakery_run_unfinished_tasks(const bakery_run *run);

/// How many tasks have been cancelled, of those that were kept.
uint64_t bakery_run_cancelled_tasks(const bakery_run *run);

/// Lets those tasks go.
void bakery_run_forget_tasks(bakery_run *run);

/// Something that a task of a recorded run did.
typedef struct {
  uint64_t step;
  /// The number of the task.
  uint64_t task;
  /// The address at which its code goes on, 0 when it has not begun; when created, that of its code.
  uintptr_t place;
  /// The type of the actor on which it runs, or null.
  const void *actor;
  /// The number of the task that created it, or 0.
  uint64_t creator;
  /// The name that it was created with, or null.
  char *name;
  int kind;
} bakery_record;

#define BAKERY_RECORD_RUNS 0
#define BAKERY_RECORD_CREATED 1

/// Begins, or ends, to keep records; forgets those from before.
void bakery_run_record(bakery_run *run, int records);

/// What is recorded from now on happens in that step.
void bakery_run_begin_step(bakery_run *run, uint64_t step);

/// Records that `job` is about to run, if that is a task's.
void bakery_run_record_job(bakery_run *run, void *job);

/// Records that the task of that number goes on inside a step that it began before, at `place`.
void bakery_run_record_point(bakery_run *run, uint64_t task, uintptr_t place);

/// The records in the order in which they were made.
const bakery_record *bakery_run_records(const bakery_run *run, uint64_t *count);

/// What a task waits for: 0 nothing, 1 the task at `target`, 2 a continuation, 3 its child tasks, 4 an executor.
typedef struct {
  uint32_t kind;
  void *target;
} bakery_wait;

bakery_wait bakery_task_wait(const void *task);

/// The parent of a child task, or null.
void *bakery_task_parent(const void *task);

/// Where a task that does not run goes on, then where those who called that and wait for it do, from the innermost outwards, in
/// code that is not the runtime's; returns how many, 0 for a task that runs or has ended.
int bakery_task_stack(const void *task, uintptr_t *places, int room);

/// The unfinished tasks of a run, as far as they were kept; with children if the schedule was recorded.
void *bakery_run_unfinished_task(const bakery_run *run, uint64_t number);

/// The file that an address of code comes from, and where it is there; or null.
const char *bakery_place_of(uintptr_t place, uintptr_t *offset);

/// Frees a text that one of the next two returned.
void bakery_free(char *text);

/// The name of a Swift symbol as people write it, or null.
char *bakery_demangled(const char *symbol);

/// What a shell command prints, or null.
char *bakery_output_of(const char *command);

/// What a job is: 0 a task, the others are the runtime's own.
#define BAKERY_JOB_TASK 0u
#define BAKERY_JOB_CONTINUATION 195u
uint32_t bakery_job_kind(const void *job);

/// The number of a job's task, which no other task of the process has.
uint64_t bakery_job_task(void *job);

/// Hands a baton to the thread that waits for it, or is about to.
void bakery_baton_pass(uint32_t *baton);

/// Waits until the baton is handed over: looks for a moment, then sleeps.
void bakery_baton_wait(uint32_t *baton);

/// What a word says that other threads change.
uint32_t bakery_word(const void *word);

/// The addresses of the calling thread's calls, from the innermost outwards; returns how many.
int bakery_frames(uintptr_t *frames, int room);

/// The number of what a job's step touches at least: its task, or the actor whose job it is.
uintptr_t bakery_job_object(void *job);

/// Keeps all tasks until the schedule's end, so that what a step ended can be told after it.
void bakery_run_keep_tasks(bakery_run *run, int keeps);

/// Touches what the step of `job`, which has ended, gave to others or waits for without anybody's having noticed.
void bakery_run_touch_waits(bakery_run *run, void *job, uint32_t kind);

/// The real clock, whoever asks.
int64_t bakery_real_clock(void);

/// Keeps the main dispatch queue busy from when this returns until `bakery_main_queue_return`; null when there is
/// none or when the caller is on it.
void *bakery_main_queue_borrow(void);
void bakery_main_queue_return(void *loan);

#endif
