"""What stops a launch. The message is for the person at the terminal: one line that says what to do."""


class LaunchFailed(Exception):
    """The processes cannot be started, or one of them ended unasked; the text says which and what to do."""
