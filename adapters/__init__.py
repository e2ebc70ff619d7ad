"""The only code that talks to the outside: payment provider, carrier, and the shop's own tables, queues and blobs.

What leaves this folder is plain values and the errors of `domain.errors`, in our words: nothing a provider's library says is
passed on, because it may repeat what it was sent.
"""
