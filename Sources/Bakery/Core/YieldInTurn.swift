internal import CBakeryCore

/// Lets the other tasks run that can, in a `ThreadPool` too.
///
/// `Task.yield()` gives the executor a job of its own, which looks like a task that was just woken; a pool runs such jobs
/// first, so that the yield would be over before those others have run.
@usableFromInline
func yieldInTurn() async {
  bakery_will_yield()
  await Task.yield()
}
