"""Workflows and azure.yaml: of the right form, safe, and in step with what they call."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from scripts.newest_python import MAX_PYTHON_MINOR, MIN_PYTHON_MINOR
from tests.support.templates.bicep import INFRA, ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BIN = Path(sys.executable).parent
MAIN = (INFRA / "main.bicep").read_text(encoding="utf-8")


def tool(name: str, *arguments: str) -> str:
    """Return what a checker says; empty when it has nothing to say against it."""
    done = subprocess.run([str(BIN / name), *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def read(path: Path):
    return YAML(typ="safe").load(path)


def test_workflows_have_the_form_that_github_takes():
    assert tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)) == ""


def test_workflows_are_safe():
    assert tool("zizmor", "--offline", "--no-progress", str(ROOT / ".github" / "workflows")) == ""


def test_safety_checker_sees_an_action_that_is_not_pinned(tmp_path):
    workflow = tmp_path / "workflow.yml"
    workflow.write_text(re.sub(r"@[0-9a-f]{40}", "@main", WORKFLOWS[0].read_text()))
    assert "unpinned" in tool("zizmor", "--offline", "--no-progress", str(workflow))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_stores_no_secret(path):
    assert "secrets." not in path.read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_jobs_have_the_rights_that_they_name_and_leave_no_token_behind(path):
    workflow = read(path)
    assert workflow["permissions"] == {}
    steps = [step for job in workflow["jobs"].values() for step in job.get("steps", ())]
    checkouts = [step for step in steps if str(step.get("uses")).startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_checks_are_those_of_a_developer():
    steps = read(ROOT / ".github" / "workflows" / "checks.yml")["jobs"]["test"]["steps"]
    assert {"run": "make test"} in steps


def test_checks_run_on_the_oldest_and_the_newest_python_that_is_supported():
    matrix = read(ROOT / ".github" / "workflows" / "checks.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    oldest = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert oldest
    assert (matrix[0], matrix[-1]) == (oldest[1], f"3.{MAX_PYTHON_MINOR}")
    assert f"3.{MIN_PYTHON_MINOR}" in matrix, "the oldest one that has the worker runtime"


def test_production_waits_for_staging_and_takes_no_test_order():
    jobs = read(ROOT / ".github" / "workflows" / "deploy.yml")["jobs"]
    assert (jobs["approval"]["needs"], jobs["production"]["needs"]) == ("staging", "approval")
    assert jobs["production"]["with"]["package-run"] == jobs["staging"]["with"]["package-run"]
    assert (jobs["staging"]["with"]["place-order"], jobs["production"]["with"]["place-order"]) == (True, False)


@pytest.mark.parametrize("name", ["deploy.yml", "rollback.yml"])
def test_only_what_was_reviewed_reaches_an_environment(name):
    jobs = read(ROOT / ".github" / "workflows" / name)["jobs"]
    first = [job for job in jobs.values() if "needs" not in job]
    assert [job["if"] for job in first] == ["github.ref == 'refs/heads/main' || startsWith(github.ref, 'refs/tags/v')"]


@pytest.mark.parametrize("name", ["deploy.yml", "rollback.yml"])
def test_waiting_for_a_reviewer_locks_no_release(name):
    workflow = read(ROOT / ".github" / "workflows" / name)
    release = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["release"]
    waiting = {job: stated for job, stated in workflow["jobs"].items() if "approval" in str(stated.get("environment"))}
    assert "concurrency" not in workflow
    assert list(waiting) == ["approval"]
    assert waiting["approval"].get("concurrency", {}).get("group") != release["concurrency"]["group"]
    assert release["concurrency"] == {"group": "release-${{ inputs.environment }}", "cancel-in-progress": False}


def test_azd_fills_in_every_variable_of_the_parameter_file_that_has_no_default():
    text = (INFRA / "main.parameters.json").read_text()
    bare = set(re.findall(r"\$\{(\w+)\}", text))
    assert bare == {"AZURE_ENV_NAME", "AZURE_LOCATION", "APP_ALERT_EMAIL"}


# What azd, or a hook of ours, finds out by itself.
FOUND_OUT = {"AZURE_PRINCIPAL_ID", "AZURE_PRINCIPAL_TYPE", "APP_PACKAGE", "APP_STAGING_PACKAGE", "APP_DELETED_VAULTS"}


@pytest.mark.parametrize("workflow", ["release.yml", "infra.yml"])
def test_pipelines_pass_on_everything_that_can_be_chosen(workflow):
    chosen = set(re.findall(r"\$\{(\w+)", (INFRA / "main.parameters.json").read_text())) - FOUND_OUT
    text = (ROOT / ".github" / "workflows" / workflow).read_text()
    assert {name for name in chosen if f"{name}: ${{{{ vars.{name} }}}}" not in text} == set()


def test_everything_that_can_be_chosen_is_described():
    chosen = set(re.findall(r"\$\{(APP_\w+)", (INFRA / "main.parameters.json").read_text())) - FOUND_OUT
    readme = (INFRA / "README.md").read_text()
    assert {name for name in chosen if f"`{name}`" not in readme} == set()


def hooks() -> list[dict[str, dict[str, str]]]:
    return list(read(ROOT / "azure.yaml")["hooks"].values())


def started(command: str) -> str:
    """Return what a hook starts: a module of Python, or a target of make."""
    program, *arguments = command.split(";")[0].split()
    return arguments[0] if program == "make" else arguments[1]


def test_hooks_exist_and_their_targets_too():
    makefile = (ROOT / "Makefile").read_text()
    for hook in hooks():
        for system in hook.values():
            name = started(system["run"])
            if system["run"].startswith("make "):
                assert re.search(rf"^{name}:", makefile, re.M)
            else:
                assert (ROOT / Path(*name.split("."))).with_suffix(".py").is_file()


def test_hooks_run_on_windows_as_elsewhere():
    for hook in hooks():
        posix, windows = hook["posix"], hook["windows"]
        assert (posix["shell"], windows["shell"]) == ("sh", "pwsh")
        assert posix.get("interactive") == windows.get("interactive")
        assert started(windows["run"]) == started(posix["run"]) or posix["run"] == "make package"
        assert re.fullmatch(r"python -m [\w.]+; exit \$LASTEXITCODE", windows["run"]), "else a failure goes unseen"


def test_outputs_that_hooks_and_workflows_read_are_given():
    given = set(re.findall(r"^output (\w+) ", MAIN, re.M)) | {"AZURE_ENV_NAME"}
    hooks = "".join(path.read_text() for path in (INFRA / "hooks").glob("*.py"))
    asked = set(re.findall(r'output\("(\w+)"\)|environ\.get\("(APP_STAGING_URL)"\)', hooks))
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    shell = set(re.findall(r"\$\{?(APP_\w+|AZURE_RESOURCE_GROUP)", release))
    shell -= set(re.findall(r"^ +(APP_\w+)[:=]", release, re.M))  # its own
    names = {name for pair in asked for name in pair if name} | shell
    assert {"APP_NAME", "APP_STAGING_URL", "DEPLOY_BY_ZIP"} <= names <= given


def test_image_is_built_from_what_it_is_given():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert all((ROOT / name).exists() for name in kept)
    package = (ROOT / "scripts" / "package.py").read_text()
    needed = set(re.findall(r'"([\w./]+)"', package[package.index("APP_FILES") : package.index("SITE_PACKAGES")]))
    assert needed | {"host.json", "infra/host.overlays.json", "pyproject.toml"} <= kept


def test_image_is_built_with_the_tools_that_a_package_is_made_with(tmp_path):
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in (name for name in kept if name.startswith("scripts/")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    subprocess.run([sys.executable, "-c", "import scripts.package"], cwd=tmp_path, check=True)
    installed = re.findall(r"\S+==\S+", (ROOT / "Dockerfile").read_text())
    pinned = (ROOT / "requirements-dev.txt").read_text()
    assert {tool.partition("==")[0] for tool in installed} == {"uv", "cyclonedx-bom"}
    assert [tool for tool in installed if f"\n{tool} " not in pinned] == []


def test_kubernetes_example_sets_the_settings_that_the_app_needs():
    documents = list(YAML(typ="safe").load_all((INFRA / "kubernetes" / "durable-orders.yaml").read_text()))
    (config,) = [one for one in documents if one["kind"] == "ConfigMap"]
    (scaled,) = [one for one in documents if one["kind"] == "ScaledObject"]
    assert {"TASKHUB_NAME", "SHIP_FROM"} <= set(config["data"])
    assert all(isinstance(value, str) for value in config["data"].values())
    assert scaled["spec"]["minReplicaCount"] >= 1


def test_templates_are_compiled_by_the_version_that_they_are_held_against():
    recorded = re.search(
        r"Bicep CLI ([\d.]+\d)", (ROOT / "tests/integration/infra/snapshots/README.md").read_text(encoding="utf-8")
    )
    installed = [found for path in WORKFLOWS for found in re.findall(r"az bicep install(.*)", path.read_text())]
    assert recorded
    assert installed == [f" --version v{recorded[1]}"] * 3
