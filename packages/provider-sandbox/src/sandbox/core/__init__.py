"""What both providers share: requests and answers, keys, ids, faults, and the way of a call from the socket to its answer."""
