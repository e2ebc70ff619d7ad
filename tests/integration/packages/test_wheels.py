"""Each package as its users get it: a wheel, built without a network and installed into a virtual environment that has no copy."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

PACKAGES = Path(__file__).parents[3] / "packages"
APP = """
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="hello")
def hello(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("from the wheel")
"""
# Whatever of this checkout a process would find otherwise.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@dataclass(frozen=True)
class Installed:
    """wheels: the built ones, by distribution. folder: the virtual environment they are installed into."""

    wheels: dict[str, Path]
    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @contextmanager
    def running(self, *arguments: str) -> Iterator[str]:
        """Yield a program of the environment, until the block ends; yields the URL that its `ready` line has."""
        command = [self.python, *arguments]
        with subprocess.Popen(command, cwd=self.folder, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield next(line.split()[-1] for line in process.stdout if " ready http" in line)
            finally:
                process.kill()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("packages")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    names = sorted(path.name for path in PACKAGES.iterdir())
    sources = [str(PACKAGES / name) for name in names]
    _run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), *sources])
    wheels = {name: next(folder.glob(f"{name.replace('-', '_')}-*.whl")) for name in names}
    environment = folder / "venv"
    venv.create(environment, with_pip=False)
    python = str(environment / "bin" / "python")
    _run([*pip, "--python", python, "install", "--no-deps", "--no-index", *map(str, wheels.values())])
    # What they depend on is that of this environment. A path file is not read for paths of its own, so no linked copy is found.
    site = subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip()
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return Installed(wheels, environment)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "module", "data"),
    [
        ("durable-local-host", "local_host", {"engine/schema.sql", "engine/queries.sql", "py.typed"}),
        ("provider-sandbox", "sandbox", {"ledger/schema.sql", "py.typed"}),
    ],
)
def test_a_wheel_has_its_modules_its_data_and_its_licence_and_no_tests(
    installed: Installed, name: str, module: str, data: set[str]
) -> None:
    with zipfile.ZipFile(installed.wheels[name]) as wheel:
        files = set(wheel.namelist())
        (licence,) = [file for file in files if file.endswith("/licenses/LICENSE")]
        assert wheel.read(licence) == (PACKAGES.parent / "LICENSE").read_bytes()
    source = PACKAGES / name / "src"
    own = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {f"{module}/{file}" for file in data} <= own
    assert {file for file in files if ".dist-info/" not in file} == own


@pytest.mark.parametrize("module", ["local_host", "sandbox"])
def test_an_installed_package_is_found_in_its_environment(installed: Installed, module: str) -> None:
    found = _run([installed.python, "-P", "-c", f"import {module}; print({module}.__file__)"])
    assert Path(found).is_relative_to(installed.folder)


@pytest.mark.parametrize("program", [["-m", "local_host"], ["-m", "sandbox"]])
def test_an_installed_program_explains_itself(installed: Installed, program: list[str]) -> None:
    script = {"local_host": "durable-local-host", "sandbox": "provider-sandbox"}[program[-1]]
    by_module = _run([installed.python, "-P", *program, "--help"])
    assert by_module.startswith("usage:")
    assert _run([str(installed.folder / "bin" / script), "--help"]).startswith("usage:")


def test_the_installed_host_runs_an_app(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text(APP)
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    options = ["--app", str(tmp_path), "--port", "0", "--state", str(tmp_path / "hub.db")]
    with installed.running("-m", "local_host", "start", *options) as url, urlopen(f"{url}/api/hello") as answer:
        assert answer.read() == b"from the wheel"


def test_the_installed_sandbox_answers(installed: Installed) -> None:
    with installed.running("-m", "sandbox", "--port", "0") as url, urlopen(f"{url}/sandbox") as answer:
        assert json.loads(answer.read())


@pytest.mark.parametrize("name", ["durable-local-host", "provider-sandbox"])
def test_the_tests_of_a_package_are_found_in_its_own_folder(name: str) -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    listed = subprocess.run(command, cwd=PACKAGES / name, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stdout + listed.stderr
