"""An embedded host for Python Durable Functions apps: one process, one SQLite file, no Azure.

It runs any unmodified app of the v2 programming model as the real Functions host with the Durable extension would, and
knows nothing about what the app does. `engine`, from the outside in:

    worker      takes ready work, runs the app's code, commits what came of it
    instance    PURE: folds messages into a history          entity   PURE: batches of operations
    walk        PURE: matches the orchestrator's actions against its history
    decision    PURE: what an episode leads to; scheduling, by kind of work; rewind, of a failed one
    task_hub    the store: what is ready, and one transaction per completed piece of work
    operations  start, query, signal, stop: what the management API does, without HTTP

Around it: `app` finds, imports and calls the app's functions; `bindings` has what triggers them, and what they read
and send; `worker_process` runs them in a process of their own; `web` and `management` speak HTTP; `hosting` puts all of it
together; `commands` are the command line's; `testing` runs an app inside a test.
"""
