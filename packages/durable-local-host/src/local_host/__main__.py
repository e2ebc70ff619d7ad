"""`python -m local_host`, and the script of the installed package."""

from __future__ import annotations

import sys

from local_host.engine.sdk_version import UnsupportedSdk, check_sdk


def run() -> None:
    """Run the command that was typed; end with its exit code."""
    try:
        check_sdk()
        from local_host.commands.cli import main

        sys.exit(main(sys.argv[1:]))
    except UnsupportedSdk as unsupported:
        sys.exit(f"local_host: {unsupported}")
    except ModuleNotFoundError as missing:
        sys.exit(f"local_host: {missing}: use the Python it is installed in, such as .venv/bin/python")


if __name__ == "__main__":
    run()
