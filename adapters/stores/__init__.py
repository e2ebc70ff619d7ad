"""The shop's own tables, queues and blobs."""
