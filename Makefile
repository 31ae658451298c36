# Everything a person or CI runs. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv/bin
PIP := $(VENV)/pip install -q --disable-pip-version-check --no-deps --require-hashes
COMPOSE := docker compose
NAME ?=
LIMIT ?=
FILE ?=

.PHONY: help demo setup test test-engine check fmt up down logs doctor bench bench-masking bench-desk bench-engine bench-relay bench-page bench-stall soak eval backup restore user key lock screenshots

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/run.stamp: requirements/gateway.txt requirements/lite.txt
	@test -x $(VENV)/python || $(PYTHON) -m venv .venv || { echo "SightDesk needs Python 3.11 or newer with venv; set PYTHON=…" >&2; exit 1; }
	@$(VENV)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "SightDesk needs Python 3.11 or newer; set PYTHON=…" >&2; rm -rf .venv; exit 1; }
	@echo "Installing what SightDesk needs (once) …"
	@$(PIP) -r requirements/gateway.txt -r requirements/lite.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@echo "Installing what the tests need (once) …"
	@$(PIP) -r requirements/dev.txt
	@touch $@

demo: .venv/run.stamp ## gateway, page and embedded engine here: no GPU, no Docker (PORT=8000)
	@exec $(VENV)/python -m scripts.demo

setup: .venv/dev.stamp ## .venv with all that running and testing needs

test: setup ## all tests; installs what they need
	@scripts/test-tools
	@node --test tests/frontend/*.test.js
	@$(VENV)/python -m pytest

test-engine: setup ## the tests against real vLLM (its CPU build, a tiny model); about five minutes
	@scripts/test-tools
	@scripts/engine-env
	@TEST_ENGINE=1 $(VENV)/python -m pytest -o timeout=400 tests/engine tests/docker/test_cpu_engine.py

check: setup ## lint, format, types
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy

fmt: setup ## format the code
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

up: ## start in Docker (ENGINE=gpu|cpu|lite)
	@ENGINE=$(ENGINE) scripts/up

down: ## stop what `make up` started
	@$(COMPOSE) down

logs: ## follow the logs
	@$(COMPOSE) logs -f --tail 100

doctor: ## look at this machine and say what is missing
	@$(PYTHON) -m scripts.doctor

bench: setup ## print the figures: answers, retrieval, memory
	@$(VENV)/python -m benchmarks.answers
	@$(VENV)/python -m benchmarks.retrieval
	@$(VENV)/python -m benchmarks.masking

bench-masking: setup ## how well masking tells personal data from order numbers
	@$(VENV)/python -m benchmarks.masking

bench-desk: setup ## what a question of the page costs, on SQLite and PostgreSQL, beside /v1 (BRIEF=1: half a minute)
	@scripts/test-tools
	@$(VENV)/python -m benchmarks.desk $(if $(BRIEF),--brief)

bench-engine: setup ## vLLM's own benchmark through the gateway and straight to the engine
	@scripts/engine-env
	@$(VENV)/python -m benchmarks.engine

bench-page: setup ## how fast the page is in Chromium: first paint, long conversations, streaming
	@scripts/test-tools
	@$(VENV)/python -m benchmarks.page

bench-stall: setup ## what one hostile caller costs the others; ends with 1 where a bound is crossed (BRIEF=1: for CI)
	@$(VENV)/python -m benchmarks.stall $(if $(BRIEF),--brief)

soak: setup ## full load of every kind on fake engines for five minutes (SECONDS=300): nothing lost, nothing grows
	@SECONDS=$(or $(SECONDS),300) $(VENV)/python -m benchmarks.soak

bench-relay: setup ## what a token costs: this gateway, nginx, vllm-router, LiteLLM; ten minutes, two cores (BRIEF=1: one)
	@$(if $(BRIEF),,scripts/bench-env)
	@$(VENV)/python -m benchmarks.relay $(if $(BRIEF),--brief)

eval: setup ## ask the sample questions of the engine that runs (URL=…) and print a score sheet
	@$(VENV)/python -m benchmarks.evaluate $(if $(URL),--url $(URL))

backup: ## files and settings into backup-DATE.tar.gz
	@scripts/backup

restore: ## FILE=backup-….tar.gz back into place
	@scripts/restore "$(FILE)"

user: ## NAME=… a further person for the page
	@scripts/user "$(NAME)"

key: ## NAME=… a new API key, shown once (LIMIT=600/minute: its own limit)
	@$(PYTHON) scripts/key.py "$(NAME)" "$(LIMIT)"

screenshots: setup ## the pictures that the README shows
	@$(VENV)/python -m scripts.screenshots

lock: ## pin the requirements again, with hashes
	@scripts/lock
