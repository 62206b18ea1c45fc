# The handle of the repository: `make demo` runs the product, `make test` is the gate.
# Needs Python 3.11 or 3.12 with venv, make and a C library; everything else is installed into .venv.
.DEFAULT_GOAL := help
.PHONY: help install demo test test-all lint types contracts unit bench scorecard generate lock clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
  >/dev/null 2>&1 && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check

help:
	@echo "make demo      everything on the synthetic market, with its page"
	@echo "make test      lint, types, contracts and every quick test"
	@echo "make test-all  the heavier checks too"
	@echo "make bench     rates and ratios, measured now"
	@echo "make scorecard how right each claim is, written to docs/scorecard.md"
	@echo "make install lint types contracts generate lock clean"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed and was not found; install it or run make PYTHON=/path/to/python" >&2; exit 2; }
	@test -x $(BIN)/python || { echo "[1/5] virtual environment"; "$(PYTHON)" -m venv $(VENV); }
	@echo "[2/5] libraries (once, 2.2 GB on disk)"
	@$(PIP) install --progress-bar on --require-hashes -r requirements.lock >$(VENV)/pip.log 2>&1 & \
	  pid=$$!; while kill -0 $$pid 2>/dev/null; do sleep 3; \
	  grep -hoE '^ *(Downloading|Collecting|Installing collected) [^ ]*' $(VENV)/pip.log 2>/dev/null | tail -n 1; done; \
	  wait $$pid || { tail -n 5 $(VENV)/pip.log >&2; \
	  echo "installing the libraries failed; check the network and run the same command again" >&2; exit 1; }
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@echo "[3/5] broker files"
	@$(BIN)/python -m cli.stack.fetch
	@echo "[4/5] compiling the kernels"
	@$(BIN)/python -m cli.warm
	@echo "[5/5] building the page"
	@$(BIN)/python -m cli.page
	@touch $(STAMP)

demo: install
	@$(BIN)/islandflow demo $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports

unit: install
	$(BIN)/python -m pytest -m "not slow"

test: lint types contracts unit

test-all: lint types contracts
	$(BIN)/python -m pytest

bench: install
	$(BIN)/python -m benchmarks.flow

scorecard: install
	$(BIN)/python -m scoring.scorecard

generate: install
	$(BIN)/python -m cli.generate

# Versions and hashes only: no address of any registry is written.
lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-annotate --no-header --group dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache frontend/dist frontend/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
