# The two commands to know: `make demo` and `make test`. Everything sets itself up.
SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
RESET ?=
SETUP = @$(PYTHON) -m tools.setup
VENV = .venv/bin/python

export PORT RESET

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-long check bench cluster lock setup toolchain format clean

help: ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

demo: ## Run everything on this machine (PORT=8000, RESET=1 starts anew)
	$(SETUP) demo
	@exec $(VENV) -m interviewlm.demo

test: ## Run every behaviour once, on SQLite and on PostgreSQL and Redis
	$(SETUP) test
	@exec $(VENV) -m tools.testrun

test-long: ## Run the long matrices, hostile and chaos runs
	$(SETUP) test
	@exec $(VENV) -m tools.testrun --long

check: ## Format, lint, types, imports, migrations, deploy check, lock files
	$(SETUP) check
	@exec $(VENV) -m tools.check

bench: ## Measure; writes bench/results.json
	$(SETUP) test
	@exec $(VENV) -m bench

cluster: ## Run with private PostgreSQL, Redis and moto in place of S3, 2 web, 2 workers, a balancer
	$(SETUP) test
	@exec $(VENV) -m interviewlm.cluster

lock: ## Compile the requirement files and package-lock.json anew
	$(SETUP) check
	@exec $(VENV) -m tools.lock

setup: ## Only set up what the tests and the demo need
	$(SETUP) test

toolchain: ## Build the tree candidates' programs see
	$(SETUP) toolchain

format: ## Let the formatters and fixers do what they can
	$(SETUP) check
	@exec $(VENV) -m tools.check --fix

clean: ## Remove what set-up made (.venv, node_modules, builds); keeps the demo's data
	rm -rf .venv node_modules static/vendor var/setup var/static var/toolchain var/node
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov
	rm -f .coverage .coverage.*
