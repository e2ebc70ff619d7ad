"""Traces that leave the app: spans of its functions and of what they ask others, for a collector that takes OTLP."""
