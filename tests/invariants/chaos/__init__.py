"""Orders over HTTP and a queue, in a shop whose processes are killed, stopped, paused and run out of disk: seed by seed."""
