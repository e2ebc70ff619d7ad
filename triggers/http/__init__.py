"""The shop's HTTP face: client functions that parse a request, start, signal or query, and shape the answer.

Every function here is a coroutine: storage is asked in a thread, so that one slow answer holds up no other request.
"""
