# Every target makes its own environment; `make help` lists them.

PYTHON ?= python3
DEMO_ARGS ?= --orders
TEST_ARGS ?=
SEED ?= 1
ROUNDS ?= 20
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test chaos check up down

help: ## List the targets
	@awk -F ":.*## " '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/ready ## Make .venv with everything in it; quick when nothing changed

demo: setup ## Real orders through Kafka to e-mails (DEMO_ARGS="--orders FILE --plain")
	$(BIN)/sillage demo $(DEMO_ARGS)

test: check ## All checks and all tests (TEST_ARGS="tests/engine -x")
	$(BIN)/pytest $(TEST_ARGS)

chaos: setup ## Kill, stop, cut and slow real processes under load, then ask the oracle (SEED=7 ROUNDS=100)
	PYTHONPATH=tests $(BIN)/python -m chaos.rounds --seed $(SEED) --rounds $(ROUNDS)

check: setup ## Lint, format, types, floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

up: setup ## Start Kafka and Redis for this project
	$(BIN)/sillage up

down: setup ## Stop them; the data stays
	$(BIN)/sillage down

# A half-made environment has no such file, so that the next run makes it whole.
.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@
