"""Fill the carts of customers, and check them out."""
