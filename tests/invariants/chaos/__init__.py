"""Orders over HTTP and a queue, in a shop whose processes are killed, stopped and paused: seed by seed."""
