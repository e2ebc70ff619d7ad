"""Compare the payments at the providers with the orders."""
