"""`start`: what it prints, and the one line that says why an app cannot be started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local_host_tests.conformance.process import host_process
from local_host_tests.conformance.support import APP, PACKAGE


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Return a start that is expected to fail."""
    command = [sys.executable, "-m", "local_host", "start", *arguments]
    return subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=300, check=False)


def assert_refused(ended: subprocess.CompletedProcess[str], message: str) -> None:
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("local_host: ")
    assert ended.stderr.count("\n") == 1
    assert message in ended.stderr


def test_a_python_without_its_dependencies_is_reported_in_one_line() -> None:
    command = [sys.executable, "-S", "-m", "local_host", "list"]
    ended = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=300, check=False)
    assert_refused(ended, "use the Python it is installed in")


def test_a_python_with_an_sdk_of_another_major_version_is_reported_in_one_line(tmp_path: Path) -> None:
    described = tmp_path / "azure_functions_durable-2.0.0rc3.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: azure-functions-durable\nVersion: 2.0.0rc3\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(PACKAGE / "src")])}
    command = [sys.executable, "-m", "local_host", "list"]
    ended = subprocess.run(
        command, cwd=PACKAGE, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert_refused(ended, "azure-functions-durable 2.0.0rc3 is installed, and local_host runs 1.x alone")


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_refused(
            start("--app", str(APP), "--port", port, "--state", ":memory:"), f"Port {port} on 127.0.0.1 is in use"
        )


def test_a_state_file_that_another_host_works_on_is_named(tmp_path: Path) -> None:
    with host_process(tmp_path / "hub.db"):
        ended = start("--app", str(APP), "--port", "0", "--state", str(tmp_path / "hub.db"))
    assert_refused(ended, "is in use by another process")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "host.json is missing"),
        ({"host.json": '{"version": "2.0"}'}, "There is no function_app.py in"),
        (
            {"host.json": '{"version": "2.0", "extensions": {"durableTask": {"hubName": "%MISSING_HUB%"}}}'},
            "The setting 'MISSING_HUB'",
        ),
        (
            {
                "host.json": '{"version": "2.0"}',
                "function_app.py": "import azure.functions as func\napp = func.FunctionApp()\n"
                "@app.timer_trigger(arg_name='t', schedule='%MISSING_SCHEDULE%')\ndef f(t): ...\n",
            },
            "used as %MISSING_SCHEDULE% in the schedule of 'f'",
        ),
        (
            {
                "host.json": '{"version": "2.0"}',
                "function_app.py": "import azure.functions as func\napp = func.FunctionApp()\n"
                "@app.queue_trigger(arg_name='m', queue_name='q', connection='NOBODYS_STORAGE')\ndef f(m): ...\n",
            },
            "The setting 'NOBODYS_STORAGE', which storage bindings name as their connection, is not defined.",
        ),
        ({"host.json": '{"version": "2.0"}', "local.settings.json": "{,}"}, "local.settings.json is not valid JSON"),
    ],
)
def test_an_app_that_is_not_complete_is_refused_with_what_is_missing(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert_refused(start("--app", str(tmp_path), "--port", "0", "--state", ":memory:"), message)


@pytest.mark.parametrize("mode", [(), ("--in-process",)])
def test_one_function_that_the_worker_refuses_keeps_all_from_loading(tmp_path: Path, mode: tuple[str, ...]) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text(
        "import azure.durable_functions as df\napp = df.DFApp()\n"
        "@app.route(route='sound')\ndef sound(req): ...\n"
        "@app.activity_trigger(input_name='request')\ndef work(request: dict[str, str]): ...\n"
    )
    assert_refused(
        start("--app", str(tmp_path), "--port", "0", "--state", ":memory:", *mode),
        "Worker failed to index functions: FunctionLoadError: cannot load the work function: "
        "binding request has invalid non-type annotation dict[str, str]\n",
    )


def test_wrong_usage_ends_with_2() -> None:
    assert start("--port", "x").returncode == 2


def test_a_start_lists_the_functions_and_a_stop_is_clean(tmp_path: Path) -> None:
    with host_process(tmp_path / "hub.db") as host:
        assert "  two_steps: orchestrationTrigger" in host.announced
        assert f"  post_only: [POST] {host.url}/api/post_only" in host.announced
        assert host.terminate() == 0


def test_settings_of_the_app_reach_it_but_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "local.settings.json").write_text('{"Values": {"GREETING": "from the file", "NAME": "file"}}')
    (tmp_path / "function_app.py").write_text(
        "import json, os\nimport azure.functions as func\napp = func.FunctionApp()\n"
        "@app.route(route='env')\ndef env(req: func.HttpRequest) -> func.HttpResponse:\n"
        "    seen = {n: os.environ[n] for n in ('GREETING', 'NAME', 'WEBSITE_HOSTNAME')} | {'cwd': os.getcwd()}\n"
        "    return func.HttpResponse(json.dumps(seen))\n"
    )
    with host_process(tmp_path / "state" / "hub.db", app=tmp_path, environment={"NAME": "environment"}) as host:
        assert host.request("GET", "/api/env") == {
            "GREETING": "from the file",
            "NAME": "environment",
            "WEBSITE_HOSTNAME": f"localhost:{host.url.rsplit(':', 1)[1]}",
            "cwd": str(tmp_path.resolve()),
        }


def test_settings_that_python_itself_reads_hold_in_the_worker_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")  # the environment would win over the file
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "own_library.py").write_text("NAME = 'found'")
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "local.settings.json").write_text('{"Values": {"PYTHONPATH": "lib", "TZ": "America/New_York"}}')
    (tmp_path / "function_app.py").write_text(
        "import json, time\nimport azure.functions as func\nimport own_library\napp = func.FunctionApp()\n"
        "@app.route(route='seen')\ndef seen(req: func.HttpRequest) -> func.HttpResponse:\n"
        "    return func.HttpResponse(json.dumps([own_library.NAME, time.tzname[0]]))\n"
    )
    with host_process(tmp_path / "state" / "hub.db", app=tmp_path) as host:
        assert host.request("GET", "/api/seen") == ["found", "EST"]


def test_reload_brings_the_changed_app_up_on_the_same_state(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    app = (
        "import azure.functions as func\napp = func.FunctionApp()\n"
        "@app.route(route='version')\ndef version(req: func.HttpRequest) -> func.HttpResponse:\n"
        "    return func.HttpResponse('VERSION')\n"
    )
    (tmp_path / "function_app.py").write_text(app.replace("VERSION", "1"))
    with host_process(tmp_path / "state" / "hub.db", app=tmp_path, options=("--reload",)) as host:
        assert host.request("GET", "/api/version") == 1
        (tmp_path / "function_app.py").write_text(app.replace("VERSION", "22"))
        host.url = host.next_ready_url()
        assert host.request("GET", "/api/version") == 22


def test_reload_waits_for_a_broken_app_to_be_mended(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text("app = (")
    command = [
        sys.executable,
        "-m",
        "local_host",
        "start",
        "--app",
        str(tmp_path),
        "--port",
        "0",
        "--state",
        ":memory:",
    ]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "--reload"], cwd=PACKAGE, **pipes) as process:
        assert process.stderr.readline().endswith("was never closed (function_app.py:1) Waiting for a change.\n")
        (tmp_path / "function_app.py").write_text(
            "import azure.functions as func\napp = func.FunctionApp()\n@app.route(route='a')\ndef a(req): ...\n"
        )
        assert any(line.startswith("local_host ready ") for line in process.stdout)
        process.terminate()
        assert process.wait() == 0
