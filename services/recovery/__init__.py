"""Bring every accepted run to its end, whatever became of its instance: orders and every other workflow alike."""
