"""Shopping carts and their checkouts."""
