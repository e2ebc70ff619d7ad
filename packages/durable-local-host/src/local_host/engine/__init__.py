"""The engine: instances, entities, their messages and timers, and the one file that keeps them. It knows no app and no HTTP."""
