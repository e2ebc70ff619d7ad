"""Triggers and outputs beside HTTP: timers, storage queues, storage blobs."""
