"""Who calls: by the Entra tenant, by a function key, or on the developer's own machine."""
