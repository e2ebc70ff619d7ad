"""The files that editors and GitHub read are of the right form, and in step with what they name."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from tests.unit.docs.markdown import ROOT


def commented_json(name: str):
    """Read a file of VS Code, which may have comments on lines of their own."""
    return json.loads(re.sub(r"^\s*//.*$", "", (ROOT / name).read_text(), flags=re.MULTILINE))


def complaints(schema: str, *files: Path) -> str:
    done = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", schema, *map(str, files)])
    return "" if done.exit_code == 0 else done.output


@pytest.fixture(scope="module")
def tasks() -> dict[str, Any]:
    return {task["label"]: task for task in commented_json(".vscode/tasks.json")["tasks"]}


def test_f5_attaches_to_the_port_on_which_its_task_lets_the_worker_listen(tasks):
    attach = commented_json(".vscode/launch.json")["configurations"][0]
    task = tasks[attach["preLaunchTask"]]
    arguments = task["options"]["env"]["languageWorkers__python__arguments"]
    module, address = re.fullmatch(r"-m (\w+) --listen 127\.0\.0\.1:(\d+)", arguments).groups()
    assert importlib.util.find_spec(module), "the worker runs the Python of the virtual environment"
    assert int(address) == attach["connect"]["port"]
    assert task["isBackground"]
    assert task["problemMatcher"] == "$func-python-watch"
    # The extension would ask for a storage emulator before the task that starts one has run.
    assert not re.search(r"host\s+start", attach["preLaunchTask"])


def test_tasks_run_targets_that_exist(tasks):
    makefile = (ROOT / "Makefile").read_text().replace("$(VENV)", ".venv")
    named = {word for task in tasks.values() for word in task["command"].split()[1:] if "=" not in word}
    assert {"run", "test"} <= named
    assert [
        name for name in named if not re.search(rf"^(?:\w+ )*{re.escape(name)}(?: \w+)*:", makefile, re.MULTILINE)
    ] == []
    assert {label for task in tasks.values() if (label := task.get("dependsOn"))} <= set(tasks)
    assert commented_json(".vscode/settings.json")["azureFunctions.preDeployTask"] in tasks


def test_the_dev_container_has_the_recommended_extensions():
    recommended = commented_json(".vscode/extensions.json")["recommendations"]
    container = commented_json(".devcontainer/devcontainer.json")
    assert container["customizations"]["vscode"]["extensions"] == recommended
    assert (ROOT / container["postCreateCommand"].split()[-1]).is_file()


def test_templates_and_updates_have_the_form_that_github_takes():
    github = ROOT / ".github"
    forms = [path for path in sorted((github / "ISSUE_TEMPLATE").glob("*.yml")) if path.name != "config.yml"]
    assert len(forms) == 2
    assert complaints("vendor.github-issue-forms", *forms) == ""
    assert complaints("vendor.github-issue-config", github / "ISSUE_TEMPLATE" / "config.yml") == ""
    assert complaints("vendor.dependabot", github / "dependabot.yml") == ""


def test_owners_are_teams_of_folders_that_exist():
    lines = (ROOT / ".github" / "CODEOWNERS").read_text().splitlines()
    owned = [line.split() for line in lines if line and not line.startswith("#")]
    assert owned[0][0] == "*"
    for pattern, *owners in owned:
        assert pattern == "*" or (ROOT / pattern.strip("/")).exists(), pattern
        assert owners
        assert all(re.fullmatch(r"@[\w-]+/[\w-]+", owner) for owner in owners)


def test_pre_commit_refuses_a_long_subject_and_nothing_else():
    hooks = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    (pattern,) = (hook["entry"] for hook in hooks if "commit-msg" in hook.get("stages", ()))
    assert re.search(pattern, "x" * 73)
    assert not re.search(pattern, "x" * 72 + "\n\n" + "y" * 100)
