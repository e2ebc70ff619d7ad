"""Everything that can keep an app from starting, as types.

Each text is one line that says what is wrong and what to do; the command line prints it and nothing else.
"""

from __future__ import annotations

from local_host.engine.errors import LocalHostError


class CannotStart(LocalHostError):
    """Base: the app cannot be started as it is."""


class AppLoadError(CannotStart):
    """The app's code cannot be loaded or does not hold together."""


class IndexingError(AppLoadError):
    """The Python worker does not index the app; then no function of it exists. text: the worker's own."""

    def __init__(self, text: str) -> None:
        super().__init__(f"Worker failed to index functions: {' '.join(text.splitlines())}")

    @classmethod
    def of(cls, error: Exception) -> IndexingError:
        """Return the refusal by an exception, in the words of the worker."""
        return cls(f"{type(error).__name__}: {error}")


class FunctionLoadError(IndexingError):
    """A function whose parameters the worker does not take. function: its name; problem: in the worker's words."""

    def __init__(self, function: str, problem: str) -> None:
        super().__init__(f"FunctionLoadError: cannot load the {function} function: {problem}")
        self.function = function


class InvalidFunction(AppLoadError):
    """A function that the worker takes and the host does not. function: its name."""

    def __init__(self, function: str, problem: str) -> None:
        super().__init__(f"Cannot load the function '{function}': {problem}.")
        self.function = function


class SettingMissing(CannotStart):
    """A setting that does not exist. used: for what, such as `used as %HUB% in host.json`."""

    def __init__(self, name: str, used: str) -> None:
        super().__init__(
            f"The setting '{name}', {used}, is not defined. "
            "Add it to local.settings.json (Values) or to the environment."
        )
        self.name = name


class ConfigurationError(CannotStart):
    """host.json or local.settings.json holds something that cannot be used."""


class PortInUse(CannotStart):
    """Another process listens there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is in use. Stop what uses it, or pass another --port (0 takes a free one)."
        )
