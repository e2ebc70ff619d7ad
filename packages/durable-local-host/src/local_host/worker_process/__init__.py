"""The worker as a process of its own, which imports the app and calls its functions; the host talks to it over a socket."""
