"""Use cases of the stock: read and change it, release what nothing needs, compare it with the orders."""
