# Two commands matter: `make run` and `make test`. `make help` lists the rest.
# Steps that install something leave a stamp, so that a second start installs nothing.

PYTHON ?= python3
PORT ?= 7071
STATE ?= .state
export PORT STATE

VENV := .venv
PLATFORM_VENV := .venv-platform
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install -qq --disable-pip-version-check
UV := uv==0.13.9
AUDIT := pip-audit==2.10.1
PACKAGES := packages/durable-local-host packages/provider-sandbox
COMPILE := $(VENV)/bin/uv pip compile --quiet --no-header --universal --generate-hashes --python-version 3.11

.PHONY: help run test unit integration packages acceptance invariants browser screenshots platform lint format typecheck prove chaos demo func bench docs package audit lock clean

help:
	@echo 'make run      start everything: storage, payment and carrier sandbox, the app  (PORT=7071 STATE=.state)'
	@echo 'make test     linter, types, import directions, tests                          (ARGS="tests/unit/domain -k reserve")'
	@echo 'make unit, integration, packages, acceptance, invariants, browser      one tier of the tests  (ARGS="-k reserve")'
	@echo 'make screenshots  the pictures of docs/console.md anew'
	@echo 'make platform the app under the real Python worker runtime, with the newest Python from 3.13 on that is installed'
	@echo 'make lint, make typecheck, make format      one of the checks by itself; the last rewrites the files'
	@echo 'make prove    the proofs at full size: thousands of random orders, hundreds of kills     (ORDERS=3000 KILLED_ORDERS=300 KILLS=200 LOAD=500)'
	@echo 'make chaos    orders while processes are killed, stopped and paused, disks full, clocks ahead       (SEEDS=10 ORDERS=200)'
	@echo 'make demo     20 orders of every kind, and whether money and stock balance     (a running app, or one of its own)'
	@echo 'make func     the same app under Azure Functions Core Tools                    (PORT=7071)'
	@echo 'make bench    start-up, import and throughput figures, beside DBOS and durabletask; a line goes to bench/history.jsonl'
	@echo 'make docs     the documentation as a site, in build/site; `make docs ARGS=serve` shows it while you write'
	@echo 'make package  what Azure runs, in dist/                                       (APP_PLAN=FC1 APP_BACKEND=AzureStorage APP_PYTHON=3.12)'
	@echo 'make audit    whether faults of the pinned packages are known, by the advisories of PyPI   (asks pypi.org)'
	@echo 'make lock     pin the requirements of pyproject.toml anew'
	@echo 'make clean    remove what was installed and built; keeps STATE'

run: $(VENV)/packages.stamp node_modules/.stamp
	@exec $(PY) -m scripts.run

test: $(VENV)/dev.stamp node_modules/.stamp
	@exec $(PY) -m scripts.check $(ARGS)

# One tier of the tests. The unit tests need Python packages only.
unit: $(VENV)/dev.stamp
integration acceptance invariants browser: $(VENV)/dev.stamp node_modules/.stamp
unit integration acceptance invariants browser:
	@exec $(PY) -m pytest -q -n 2 tests/$@ $(ARGS)

screenshots: $(VENV)/dev.stamp node_modules/.stamp
	@WRITE_SCREENSHOTS=1 exec $(PY) -m pytest -q -n 0 tests/browser/test_console.py -k pictures

packages: $(VENV)/dev.stamp node_modules/.stamp
	@exec $(PY) -m pytest -q -n 2 packages/*/tests $(ARGS)

# A venv of its own: the worker runtime needs a newer Python than the app does.
platform: requirements-dev.txt node_modules/.stamp
	@found=$$($(PY) -m scripts.newest_python) || exit 1; \
	if [ -z "$$found" ]; then echo 'make platform: skipped, for there is no Python 3.13 or newer on this machine'; exit 0; fi; \
	if ! cmp -s requirements-dev.txt $(PLATFORM_VENV)/dev.stamp; then \
	  echo "Installing the Python packages of the platform tests ($$found)"; \
	  rm -rf $(PLATFORM_VENV) && "$$found" -m venv $(PLATFORM_VENV) \
	    && $(PLATFORM_VENV)/bin/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt \
	    && cp requirements-dev.txt $(PLATFORM_VENV)/dev.stamp || exit 1; \
	fi; \
	exec $(PLATFORM_VENV)/bin/python -m pytest -q -n 2 tests/platform

lint: $(VENV)/dev.stamp
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/lint-imports

typecheck: $(VENV)/dev.stamp
	@$(VENV)/bin/mypy .

format: $(VENV)/dev.stamp
	@$(VENV)/bin/ruff check --fix . && $(VENV)/bin/ruff format .

# The sizes of `make test`, some ten times as large. A summary goes to bench/prove.txt.
prove: ORDERS ?= 3000
prove: KILLED_ORDERS ?= 300
prove: KILLS ?= 200
prove: LOAD ?= 500
prove: $(VENV)/dev.stamp node_modules/.stamp
	@PROOF_ORDERS=$(ORDERS) PROOF_KILLED_ORDERS=$(KILLED_ORDERS) KILLS=$(KILLS) LOAD=$(LOAD) exec $(PY) -m scripts.prove $(ARGS)

# About three minutes a seed; a line of figures each goes to bench/chaos.jsonl. A disk to fill is mounted, where that is allowed.
chaos: SEEDS ?= 10
chaos: ORDERS ?= 200
chaos: $(VENV)/dev.stamp node_modules/.stamp
	@rm -f bench/chaos.jsonl
	@CHAOS_SEEDS=$(SEEDS) CHAOS_ORDERS=$(ORDERS) CHAOS_RESULTS=bench/chaos.jsonl exec $(PY) -m pytest -q -s -n 0 tests/invariants/test_chaos.py tests/invariants/test_full_disk.py

demo: $(VENV)/dev.stamp node_modules/.stamp
	@exec $(PY) -m scripts.demo

func: $(VENV)/packages.stamp node_modules/.stamp
	@exec $(PY) -m scripts.func

bench: $(VENV)/dev.stamp node_modules/.stamp
	@exec $(PY) -m bench.history $(ARGS)

docs: $(VENV)/dev.stamp node_modules/.stamp
	@exec $(PY) -m scripts.docs $(ARGS)

package: $(VENV)/dev.stamp
	@exec $(PY) -m scripts.package $(ARGS)

# By hashes, so that nothing is installed or resolved: only what is pinned is looked up. The tool stays outside of the environment.
audit: $(VENV)/dev.stamp
	@for file in requirements.txt requirements-local.txt; do $(VENV)/bin/uv tool run --quiet $(AUDIT) --disable-pip --require-hashes --strict -r $$file || exit 1; done

lock: $(VENV)/dev.stamp
	@$(PIP_INSTALL) $(UV)
	@$(COMPILE) pyproject.toml --output-file requirements.txt
	@$(COMPILE) pyproject.toml --extra local --constraint requirements.txt --output-file requirements-local.txt
	@$(COMPILE) pyproject.toml --extra local --extra dev --extra docs --constraint requirements-local.txt --output-file requirements-dev.txt
	@$(COMPILE) bench/local_host/requirements.in --output-file bench/local_host/requirements.txt

clean:
	rm -rf $(VENV) $(PLATFORM_VENV) node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and '$(PYTHON)' is not; name one: make run PYTHON=python3.12" >&2; exit 1; }
	@echo 'Creating $(VENV)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/app.stamp: requirements-local.txt | $(PY)
	@echo 'Installing the Python packages of the app'
	@$(PIP_INSTALL) -r requirements-local.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/packages.stamp
	@echo 'Installing the Python packages of the checks'
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

# Installed as links into this folder: a change of theirs needs no second installation. What they need is installed already; a test
# compares. With hashes pip would refuse links, so these have no requirements of their own here.
$(VENV)/packages.stamp: $(PACKAGES:%=%/pyproject.toml) $(VENV)/app.stamp
	@echo 'Installing the packages of this repository'
	@$(PIP_INSTALL) --no-deps --no-build-isolation $(PACKAGES:%=--editable %)
	@touch $@

node_modules/.stamp: package-lock.json | $(PY)
	@echo 'Installing Azurite (storage emulator) and scripts of the documentation'
	@$(PY) -m scripts.node
	@touch $@

.PHONY: node_modules
node_modules: node_modules/.stamp
