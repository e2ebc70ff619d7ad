"""Use cases of notifications: write them and deliver them."""
