"""The bill of materials of a package: every distribution in it with its version, its licence and what it needs.

The format is CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). The same packages give the same document, byte by byte.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from scripts.errors import LaunchFailed
from scripts.host_json import ROOT


def write_sbom(site_packages: Path, document: Path) -> None:
    """Describe what is installed in a folder.

    Args:
        site_packages: Where the distributions of the package lie, with their metadata.
        document: Where the JSON document goes.

    Raises:
        LaunchFailed: A distribution could not be described.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"]
        command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
        command += ["--output-file", str(document), str(_environment_with(site_packages, Path(folder)))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LaunchFailed(f"the bill of materials could not be written:\n{done.stderr.strip()}")


def _environment_with(site_packages: Path, folder: Path) -> Path:
    """Make an environment that has these distributions and no others: the generator describes environments only."""
    venv.create(folder, symlinks=os.name != "nt")
    paths = sysconfig.get_paths("venv", vars={"base": str(folder), "platbase": str(folder)})
    (Path(paths["purelib"]) / "package.pth").write_text(f"{site_packages.resolve()}\n", encoding="utf-8")
    return Path(paths["scripts"]) / Path(sys.executable).name
