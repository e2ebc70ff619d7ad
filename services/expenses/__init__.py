"""Use cases of expense claims."""
