"""What is kept for how long: archive what has ended, then purge it; find and erase what is kept of one customer."""
