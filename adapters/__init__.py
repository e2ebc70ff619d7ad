"""The only code that talks to the outside: payment providers, carrier, mail, and the shop's own tables, queues and blobs.

What leaves this folder is plain values and the errors of `domain.errors`, in our words. Nothing of a provider's error is passed on,
because it may repeat the request.
"""
