"""A host for one app, put together of the engine, the app, its bindings and the HTTP port."""
