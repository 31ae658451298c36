# Every command for people and CI. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv/bin
PIP := $(VENV)/pip install -q --disable-pip-version-check --no-deps --require-hashes
COMPOSE := docker compose
# Tests wait for servers a good deal, so one more runs at a time than there are cores.
CORES = $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 2) + 1, 6))')
# What a command says and what Docker says stand in their order in a file, too.
export PYTHONUNBUFFERED := 1
# Values of the command line (NAME=…) are data. Recipes have them in the environment and never in
# their text, and make itself expands nothing in them.
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),\
	$(eval export override $(name) := $$(value $(name)))))

.PHONY: help demo setup test test-plain test-engine test-shared test-docker check check-types \
	check-all-else fmt up bundle \
	down logs doctor bench bench-actions bench-answers bench-desk bench-engine bench-masking \
	bench-network bench-page bench-papers bench-records bench-relay bench-scale bench-stall bench-tools bench-traces capacity \
	soak eval knowledge-check outbox backup backup-verify restore upgrade user key lock pins \
	screenshots

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | \
		awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

.venv/run.stamp: requirements/gateway.txt requirements/lite.txt
	@test -x $(VENV)/python || $(PYTHON) -m venv .venv || \
		{ echo "SightDesk needs Python 3.11 or newer with venv; set PYTHON=…" >&2; exit 1; }
	@$(VENV)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "SightDesk needs Python 3.11 or newer; set PYTHON=…" >&2; rm -rf .venv; exit 1; }
	@echo "Installing SightDesk's packages (once) …"
	@$(PIP) -r requirements/gateway.txt -r requirements/lite.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/run.stamp
	@echo "Installing the tests' packages (once) …"
	@$(PIP) -r requirements/dev.txt
	@touch $@

node_modules/.stamp: package-lock.json
	@command -v npm >/dev/null || { echo "Linting and testing the page needs Node.js 20.19 or newer and npm: install nodejs and npm." >&2; exit 1; }
	@echo "Installing what the page's linter and tests need (once) …"
	@npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

demo: .venv/run.stamp ## run gateway, page and embedded engine here: no GPU, no Docker (PORT=8000)
	@exec $(VENV)/python -m scripts.demo

setup: .venv/dev.stamp ## install into .venv what running and testing need

test: setup ## run all tests; installs what they need (WORKERS=2: so many at a time)
	@scripts/test-tools
	@$(MAKE) --no-print-directory node_modules/.stamp
	@node --test tests/frontend/*.test.js tests/frontend/*/*.test.js
	@$(VENV)/python -m pytest -n "$${WORKERS:-$(CORES)}"

test-plain: setup ## run the tests marked both_paths once more, with SERVER_FAST_PATH=0
	@SERVER_FAST_PATH=0 $(VENV)/python -m pytest -n "$${WORKERS:-$(CORES)}" -m both_paths tests/gateway

test-engine: setup ## run the tests against vLLM's CPU build with tiny models; about ten minutes
	@scripts/test-tools
	@scripts/engine-env
	@scripts/language-model
	@TEST_ENGINE=1 $(VENV)/python -m pytest -o timeout=400 tests/engine tests/docker/test_cpu_engine.py

test-shared: setup ## test the page and the SDK before three gateways that share their stores
	@scripts/test-tools
	@GATEWAYS=3 $(VENV)/python -m pytest -n "$${WORKERS:-$(CORES)}" tests/browser tests/examples

test-docker: setup ## run the long tests: whole Docker stacks, and faults until their alert fires
	@scripts/test-tools
	@scripts/engine-env
	@TEST_LONG=1 REQUIRE_DOCKER=1 $(VENV)/python -m pytest -o timeout=900 -m long

check: setup node_modules/.stamp ## check lint, format, types, pins, shell, nginx and Compose files
	@$(MAKE) --no-print-directory -j2 --output-sync=target check-types check-all-else

check-types: ## check the types alone
	@$(VENV)/mypy

check-all-else: ## check all but the types
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/python -m scripts.pins
	@$(PYTHON) -m scripts.compose_rules
	@$(PYTHON) -m scripts.dockerfile_rules
	@scripts/check-monitoring
	@scripts/check-shell
	@node_modules/.bin/eslint .
	@node_modules/.bin/prettier --check --log-level warn .

fmt: setup node_modules/.stamp ## format the code
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .
	@node_modules/.bin/eslint --fix .
	@node_modules/.bin/prettier --write --log-level warn .

up: ## start in Docker (ENGINE=gpu|cpu|lite; BUNDLE=file of `make bundle`)
	@$(PYTHON) -m scripts.up
	@$(PYTHON) -m scripts.deployed

bundle: ## write the images into one file for a host without a network (FILE=…)
	@$(PYTHON) -m scripts.bundle

down: ## stop the containers of `make up`
	@$(COMPOSE) down

logs: ## follow the logs; REQUEST=<x-request-id>: one request's way through all containers
	@$(PYTHON) -m scripts.logs "$$REQUEST"

doctor: ## check machine and stack, a verdict a line; exits 1 on red (SELFTEST=1: ask questions)
	@$(PYTHON) -m scripts.doctor

bench: setup ## measure answers, papers, retrieval, memory and masking (BRIEF=1: short)
	@$(VENV)/python -m benchmarks.answers $${BRIEF:+--brief}
	@$(VENV)/python -m benchmarks.masking

bench-answers: setup ## measure answers, papers, times and memory; 20 minutes (PART=quality|times, BRIEF=1)
	@$(VENV)/python -m benchmarks.answers $${BRIEF:+--brief} $${PART:+--part "$$PART"}

bench-actions: setup ## kill gateways at each step of an action, 700 runs; 15 minutes (BRIEF=1)
	@scripts/test-tools
	@$(VENV)/python -m benchmarks.actions $${BRIEF:+--brief}

bench-tools: setup ## measure what a read of a business system adds to an answer; a minute (BRIEF=1)
	@$(VENV)/python -m benchmarks.tools $${BRIEF:+--brief}

bench-papers: setup ## measure the fields read from degraded screens; five minutes (BRIEF=1)
	@$(VENV)/python -m benchmarks.papers --faults $${BRIEF:+--brief}

bench-masking: setup ## measure how well masking tells personal data from order numbers
	@$(VENV)/python -m benchmarks.masking

bench-desk: setup ## measure a question of the page beside /v1, on both databases (BRIEF=1: short)
	@scripts/test-tools
	@$(VENV)/python -m benchmarks.desk $${BRIEF:+--brief}

bench-records: setup ## measure figures, inbox and search over 1,000,000 turns; ten minutes (BRIEF=1)
	@scripts/test-tools
	@$(VENV)/python -m benchmarks.records $${BRIEF:+--brief}

bench-engine: setup ## run vLLM's benchmark through the gateway and directly against the engine
	@scripts/engine-env
	@$(VENV)/python -m benchmarks.engine

bench-network: setup ## cut, delay and lose packets between the parts, as root; ten minutes (BRIEF=1)
	@scripts/test-tools
	@$(VENV)/python -m benchmarks.network $${BRIEF:+--brief}

bench-page: setup ## measure the page in Chromium: first paint, long conversations, streaming
	@scripts/test-tools
	@$(VENV)/python -m benchmarks.page

bench-traces: setup ## measure what traces cost an answer, off and on; a minute (BEFORE=<checkout>, BRIEF=1)
	@$(VENV)/python -m benchmarks.traces $${BRIEF:+--brief} $${BEFORE:+--before "$$BEFORE"}

bench-scale: setup ## measure an answer with 1, 2 and 4 gateways that share PostgreSQL and Redis (BRIEF=1)
	@scripts/test-tools
	@$(VENV)/python -m benchmarks.scale $${BRIEF:+--brief}

bench-stall: setup ## measure what a hostile caller costs others; exits 1 beyond a limit (CLASS=, BRIEF=1)
	@$(VENV)/python -m benchmarks.stall $${BRIEF:+--brief} $${CLASS:+--class "$$CLASS"}

capacity: ## what USERS=… people with PICTURES=… % screenshots need (QUESTIONS=3, WAIT=3 s)
	@$(PYTHON) -m scripts.capacity

soak: setup ## mixed load for SECONDS=300; exits 1 if answers are lost or memory grows
	@$(VENV)/python -m benchmarks.soak

bench-relay: setup ## compare with nginx, vllm-router and LiteLLM; ten minutes, two cores (BRIEF=1)
	@[ -n "$$BRIEF" ] || scripts/bench-env
	@$(VENV)/python -m benchmarks.relay $${BRIEF:+--brief}

eval: setup ## judge a desk (URL=…) by evals/*.toml; GATE=1: exit 1 on a regression, ACCEPT=1
	@$(VENV)/python -m benchmarks.evaluate $${URL:+--url "$$URL"} $${KEY:+--key "$$KEY"} \
		$${CASES:+--cases "$$CASES"} $${HALF:+--half "$$HALF"} $${ONLY:+--only "$$ONLY"} \
		$$([ "$$GATE" != 1 ] || echo --gate) $$([ "$$ACCEPT" != 1 ] || echo --accept)

knowledge-check: setup ## list what is wrong with the knowledge folder; exits 1 on errors
	@$(VENV)/python -m scripts.knowledge_check

outbox: ## list webhook deliveries that wait or failed; REPLAY=<id> or REPLAY=failed sends again
	@$(PYTHON) -m scripts.outbox "$$REPLAY"

backup: ## write everything into backup-DATE.tar.gz (SECRETS=1: secrets too; docs/backup.md)
	@$(PYTHON) -m scripts.backup

backup-verify: ## restore the newest backup, or FILE=, into a scratch database and count
	@$(PYTHON) -m scripts.backup_verify "$$FILE"

restore: ## restore FILE=backup-….tar.gz (IDENTITY=age key file, KEEP_SETTINGS=1)
	@$(PYTHON) -m scripts.restore "$$FILE"

upgrade: ## bring what runs in Docker to this folder's version, or back (BUNDLE=; docs/backup.md)
	@$(PYTHON) -m scripts.upgrade

user: ## add a user of the page: NAME=…
	@scripts/user "$$NAME"

key: ## create an API key, shown once: NAME=… (LIMIT=600/minute: its own rate limit; ROLE=staff)
	@$(PYTHON) scripts/key.py "$$NAME" "$$LIMIT" "$$ROLE"

screenshots: setup ## take the screenshots of the README
	@$(VENV)/python -m scripts.screenshots

lock: ## pin the requirements again, with hashes
	@scripts/lock

pins: setup ## ask the package index when each pin was released, for `make check`
	@$(VENV)/python -m scripts.pins --update
