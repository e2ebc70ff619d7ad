"""`python -m local_host`, and the script of the installed package."""

from __future__ import annotations

import sys

from local_host.cli import main


def run() -> None:
    try:
        sys.exit(main(sys.argv[1:]))
    except ModuleNotFoundError as missing:
        sys.exit(f"local_host: {missing}: use the Python it is installed in (in its own repository, .venv/bin/python)")


if __name__ == "__main__":
    run()
