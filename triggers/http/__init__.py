"""The HTTP API: client functions that parse a request, call one service and shape the answer.

Each is a coroutine. What blocks runs in a thread, so that a slow answer delays no other request.
"""
