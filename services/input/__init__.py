"""What a caller sent, read into a model or refused with what is wrong."""
