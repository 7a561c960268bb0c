# Every target makes its own environment; `make help` lists them.

PYTHON ?= python3
DEMO_ARGS ?=
TEST_ARGS ?=
TEST_JOBS ?= 2
SEEDS ?= 3000
ROUNDS ?= 20
SECONDS ?= 60
SEED ?=
BENCH_ARGS ?=
AUDIT_ARGS ?=
EXPRESSIONS ?= 100000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup tools demo test check simulate cel fuzz chaos audit sbom drill bench-floor up down

help: ## List the targets
	@awk -F ":.*## " '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/ready ## Make .venv with everything in it; quick when nothing changed

tools: setup ## Fetch helm, kubeconform, promtool, kcat, chromium, mermaid for the tests that ask for them
	.ci/tools

demo: setup ## A town through Kafka to e-mails, pushes and call-backs (DEMO_ARGS="--seconds 60 --plain", "--orders")
	$(BIN)/sillage demo $(DEMO_ARGS)

test: check ## All checks and all tests (TEST_ARGS="tests/engine -x", TEST_JOBS=0 for one process)
	$(BIN)/pytest -n $(TEST_JOBS) --dist loadfile $(TEST_ARGS)

chaos: setup ## Kill, stop, cut and slow real processes under load, then ask the oracle (SEED=7 ROUNDS=100)
	PYTHONPATH=tests $(BIN)/python -m chaos.rounds $(if $(SEED),--seed $(SEED)) --rounds $(ROUNDS)

drill: setup ## Lose a broker's disk, Redis and a worker's volume under load, then ask the same oracle
	PYTHONPATH=tests $(BIN)/python -m drill.disaster $(if $(SEED),--seed $(SEED))

audit: setup ## Ask OSV for known vulnerabilities of all that is installed (AUDIT_ARGS="--osv-url URL" asks a mirror)
	mkdir -p build
	$(BIN)/pip freeze --exclude-editable >build/installed.txt
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement build/installed.txt --progress-spinner off \
	  --vulnerability-service osv $(AUDIT_ARGS)

sbom: setup ## Write build/sbom.json, all that is installed, in the form of CycloneDX
	mkdir -p build
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom.json $(BIN)/python

check: setup ## Lint, format, types, floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

simulate: setup ## Random schedules of the commit protocol, no broker (SEEDS=20000, or SEED=17 to see one again)
	PYTHONPATH=tests $(BIN)/python -m simulation.run --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))

cel: setup ## Compare conditions with CEL itself, on generated expressions (EXPRESSIONS=2000)
	PYTHONPATH=tests $(BIN)/python -m conditions.differential --expressions $(EXPRESSIONS)

fuzz: setup ## Spoil designers' folders and ask for a place and a cure of each fault (SECONDS=600, SEED=17 for one again)
	PYTHONPATH=tests $(BIN)/python -m fuzz.fuzzing --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

bench-floor: setup ## Measure the floor (BENCH_ARGS="--only throughput --events 200000 --rounds 1")
	$(BIN)/python -m bench.floor $(BENCH_ARGS)

up: setup ## Start Kafka and Redis for this project
	$(BIN)/sillage up

down: setup ## Stop them; the data stays
	$(BIN)/sillage down

# A half-made environment has no such file, so that the next run makes it whole.
.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@
