"""Azure Storage: clients, errors, pages, and how values are stored."""
