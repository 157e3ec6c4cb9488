# Two commands: `make run` shows the server at work, `make test` checks everything. `make help` lists the others.
# Both need only Python 3.11, and set up what they use inside this folder: .venv from the locks, .peers for the tests.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-virtualenv
UV ?= uv
ARGS ?=
# Processes that share the tests; 0 runs them in one, which is what a debugger needs.
WORKERS ?= auto

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: .venv/runtime ## Run the demonstration: server, SMSC and handsets on this machine (ARGS="..." for its options)
	$(BIN)/tps demo $(ARGS)

.PHONY: test
test: lint types peers ## Check everything: lint, format, imports, types, tests (ARGS="tests/encoders -x" for some)
	$(BIN)/python -m pytest --numprocesses=$(WORKERS) --cov --cov-report=term:skip-covered $(ARGS)

# Many more seeds than `make test` runs; one that fails is replayed by: python -m tests.simulation SEED --trace
SEEDS ?= 10000
FIRST ?= 0
MINUTES ?= 60
.PHONY: soak
soak: .venv/development ## Simulate thousands of troubled sites, then live with an SMSC that goes up and down (SEEDS=10000, FIRST=0, MINUTES=60)
	$(BIN)/python -m tests.simulation $(FIRST) --seeds $(SEEDS)
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

.PHONY: chaos
chaos: .venv/development ## Trouble real servers while pushes flow: six cases, on both databases (ARGS="--case kill --pushes 1000 --faults 3")
	$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: lint
lint: .venv/development ## Check the rules of the code, its format and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

.PHONY: types
types: .venv/development ## Check the types of source and tests
	$(BIN)/mypy

.PHONY: format
format: .venv/development ## Format the code and sort its imports
	$(BIN)/ruff check --select I --fix
	$(BIN)/ruff format

.PHONY: peers
peers: ## Install the independent programs the tests compare with (Debian, as root)
	deploy/install-peers

# uv is needed for this only (0.13 wrote the present locks). Versions move only with UPGRADE=--upgrade or --upgrade-package=NAME.
LOCK := $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --universal
.PHONY: lock
lock: ## Write both locks anew from pyproject.toml; needs uv (UPGRADE=--upgrade for newer versions)
	$(LOCK) $(UPGRADE) --group build pyproject.toml --output-file deploy/requirements.lock
	$(LOCK) $(UPGRADE) --group dev --constraint deploy/requirements.lock pyproject.toml --output-file .ci/requirements.lock

.PHONY: clean
clean: ## Remove everything these commands have made
	rm -rf .venv .peers .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.* build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment holds absolute paths: one that came along with a copied tree, or has lost its interpreter, is made anew.
ifneq ($(shell $(BIN)/python -c '' 2>/dev/null && cat .venv/place 2>/dev/null),$(CURDIR))
.PHONY: .venv/place
endif

.venv/place:
	deploy/create-venv .venv
	@echo "$(CURDIR)" > $@

# The locks name all there is, so pip resolves nothing (--no-deps): asked to, it stumbles over a requirement with an
# extra as soon as that package has a newer release than the locked one. `pip check` fails when a lock has a gap, or no
# longer covers pyproject.toml, from which the project itself is installed editable.
.venv/runtime: .venv/place deploy/requirements.lock pyproject.toml
	$(PIP_INSTALL) --no-deps --require-hashes --requirement deploy/requirements.lock
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	@touch $@

.venv/development: .venv/runtime .ci/requirements.lock
	$(PIP_INSTALL) --no-deps --require-hashes --requirement .ci/requirements.lock
	$(BIN)/python -m pip check
	@touch $@
