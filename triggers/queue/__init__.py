"""Functions that run when a queue message arrives: orders of other systems, and notifications."""
