"""Use cases of every workflow: its runs and its dead letters."""
