"""Use cases of orders: take them in, start, read, decide and close them."""
