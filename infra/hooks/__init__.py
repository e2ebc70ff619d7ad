"""The commands that azd and the pipelines run beside the template, one per module; each may be repeated."""
