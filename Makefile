# The commands of a working day. `make help` lists them.
#
# Everything lives in .venv, installed from requirements.lock with every hash checked. A stamp
# remembers what was installed, so that all but the first run cost nothing.

PYTHON ?= python3
# One more than two cores: tests wait for programs more than they compute.
WORKERS ?= 3

BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED := --extra local --extra dev --group build --group lock

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-vm lint types bench lock clean system-programs

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: $(STAMP) ## install the system programs (where allowed) and the Python packages
	@$(BIN)/spawn --version

demo: $(STAMP) ## launch, meet and end an instance on the embedded cloud
	@scripts/demo

test: $(STAMP) ## run the whole test suite
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadscope --no-loadscope-reorder \
	  -m "not vm and not aws"

# Machines wait for their end dates more than they compute: one a worker.
test-vm: $(STAMP) ## boot real machines in QEMU, and see them end (a quarter of an hour)
	@image=$$(scripts/vm-image) && VM_IMAGE=$$image $(BIN)/python -m pytest -m vm \
	  --numprocesses=$(WORKERS) --dist=loadscope --no-loadscope-reorder tests/vm

lint: $(STAMP) ## check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/shellcheck .ci/run scripts/demo scripts/system-programs scripts/vm-image
	@$(BIN)/vermin --no-tips --quiet --target=3.9- src/spored

types: $(STAMP) ## check types, strictly
	@$(BIN)/mypy

bench: $(STAMP) ## measure what is claimed about speed
	@$(BIN)/python -m bench

lock: $(STAMP) ## choose versions anew and write requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 $(LOCKED) \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	  --quiet --output-file requirements.lock

clean: ## remove what these commands made
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

system-programs:
	@scripts/system-programs "$(PYTHON)"

# A change of the lock is added to what is there; `make clean` starts from nothing.
# The project itself is built with the locked hatchling, not with one fetched for the occasion.
$(STAMP): requirements.lock pyproject.toml | system-programs
	@echo "setting up .venv (about a minute, the first time only)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
