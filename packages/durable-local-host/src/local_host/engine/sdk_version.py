"""Which Durable SDK this host can run: it replays orchestrators through the inside of SDK 1.x, which 2.x no longer has."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

SDK = "azure-functions-durable"
_MAJOR = "1"


class UnsupportedSdk(ImportError):
    """The installed SDK is one that this host cannot run. The text names it and the remedy."""


def check_sdk() -> None:
    """Refuse an SDK that this host cannot run, before anything is imported from it.

    Raises:
        UnsupportedSdk: It is not an SDK 1.x. One that is not installed is left to the import that misses it.
    """
    try:
        installed = version(SDK)
    except PackageNotFoundError:
        return
    if installed.split(".")[0] != _MAJOR:
        raise UnsupportedSdk(
            f"{SDK} {installed} is installed, and local_host runs {_MAJOR}.x alone: pip install '{SDK}<2'"
        )
