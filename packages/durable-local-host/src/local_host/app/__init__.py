"""The app: found, imported, indexed, configured, and its functions called as the Python worker calls them."""
