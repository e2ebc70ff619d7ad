"""One effect each. The platform runs an activity at least once, so each is safe to run twice: it carries a key, or looks first.

An activity returns what the business answered and raises when the same request is worth sending again.
"""
