"""Mail addresses, messages and notifications."""
