"""What ends a command of this folder early. The message is for the person at the terminal and says what to do."""


class LaunchFailed(Exception):
    """A process cannot be started, or ended unasked."""


class NoAnswer(LaunchFailed):
    """A server of this launch, or one that was named, cannot be reached or broke off its answer."""
