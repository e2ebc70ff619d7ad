"""The HTTP API of the Durable extension, on top of `local_host.engine.operations`."""
