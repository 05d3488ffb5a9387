"""Background jobs in the same PostgreSQL as everything else: procrastinate carries them, this folder keeps the promises.

A job is inserted on the caller's connection, so it is saved with what caused it or not at all. The mark that it is done
is written in the transaction of its effect, and only by the run that still owns it: an effect happens once, however
often a job is run. What fails for good becomes a dead letter and waits for a person.

Tables: ``procrastinate_jobs`` (waiting and running), ``job_failures`` (why runs failed), ``dead_jobs``, ``job_history``
(ended jobs), ``job_workers`` (the fleet), ``job_ticks`` (the last tick of every line of the timetable).

States: waiting → running → done; running → waiting (tried again, or put back); running → dead → waiting or discarded.
"""
