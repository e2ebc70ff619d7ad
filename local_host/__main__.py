"""`python -m local_host`, and the script of the installed package."""

from __future__ import annotations

import sys

from local_host.cli import main


def run() -> None:
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
