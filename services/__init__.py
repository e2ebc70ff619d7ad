"""The use cases, and the container that composes them."""
