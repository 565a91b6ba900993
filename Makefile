# Each command does its own set-up: on a machine with Python 3.11+, git and make, nothing needs to be done before.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := install
.PHONY: install run test test-all lint format clean help tested

# What the tools remember goes into one folder, which `make clean` and git ignore alike.
export RUFF_CACHE_DIR := .cache/ruff
export MYPY_CACHE_DIR := .cache/mypy
export COVERAGE_FILE := .cache/coverage
export HYPOTHESIS_STORAGE_DIRECTORY := .cache/hypothesis

pytest = .venv/bin/pytest -n auto --dist worksteal --cov --cov-report=term -o cache_dir=.cache/pytest

install: ## install ttv into .venv
	@.ci/venv

run: install ## show ttv at work on an invented company, in the browser
	@.venv/bin/ttv demo

tested:
	@.ci/venv test
	@.ci/parts

lint: tested ## check style, types and the arrows between the rooms
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --cache-dir .cache/imports

test: lint ## run every check and every test but the heavy ones
	$(pytest) -m "not heavy"

test-all: lint ## run everything: what CI runs
	$(pytest)

format: tested ## put the code into its one form
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

clean: ## remove what was made here, but not your data
	rm -rf .venv .cache build dist *.egg-info .coverage* htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
