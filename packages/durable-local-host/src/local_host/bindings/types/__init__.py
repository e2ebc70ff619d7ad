"""One module per type of binding. Each registers itself; a new module here is a new type, and nothing else has to change."""
