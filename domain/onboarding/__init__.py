"""New users."""
