"""The operator console: pages for the people who run the shop, at `/console`. See docs/console.md.

`functions` is all that a cold start imports. The pages, the templates and what renders them are imported by the first visit.
"""
