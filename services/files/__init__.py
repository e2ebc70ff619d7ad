"""Use cases of batches of files."""
