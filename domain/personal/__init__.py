"""What is kept of one person, and how it is erased."""
