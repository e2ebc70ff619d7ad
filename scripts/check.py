"""`make test`: the static checks, then the tests. Every stage runs; the end names those that failed.

The last line on stdout is pytest's summary, or, when a static check failed, the count of the stages.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

STATIC_CHECKS = {
    "lint": ["ruff", "check", "--quiet", "."],
    "format": ["ruff", "format", "--check", "--quiet", "."],
    "types": ["mypy", "--no-error-summary", "."],
    "imports": ["lint-imports"],
}


def passes(name: str, command: list[str]) -> bool:
    """Run one static check; its output appears only when it fails."""
    started = time.monotonic()
    result = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    print(f"{name:8} {'ok' if result.returncode == 0 else 'FAILED'}  {time.monotonic() - started:.1f} s", flush=True)
    if result.returncode != 0:
        print(result.stdout + result.stderr, flush=True)
    return result.returncode == 0


def main() -> int:
    """Run every check and the tests; return the exit code."""
    failed = [name for name, command in STATIC_CHECKS.items() if not passes(name, command)]
    tests = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "2", *sys.argv[1:]], cwd=ROOT, check=False)
    if not failed:
        return tests.returncode
    failed += ["tests"] if tests.returncode != 0 else []
    print(f"failed: {', '.join(failed)}")
    print(f"{len(STATIC_CHECKS) + 1 - len(failed)} passed, {len(failed)} failed")
    return 1


if __name__ == "__main__":
    sys.exit(main())
