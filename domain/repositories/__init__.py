"""What services need from the shop's own stores, as contracts.

Every method of every store raises StorageUnavailable when tables, queues or blobs do not answer: the same request may then be sent
again, whether it took effect or not, and has one effect.
"""
