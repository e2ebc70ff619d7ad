"""Client functions, by trigger."""
