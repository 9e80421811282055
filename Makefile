# PYTHON=python3.12 chooses another Python than the first usable one found.
usable = import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(usable)' >/dev/null 2>&1 && { echo $$p; exit; }; done; echo python3)
PORT ?= 8000
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)
NBVAL := book --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitise.cfg

.NOTPARALLEL:
.PHONY: help setup book serve test lint format notebooks requirements clean
.PHONY: test-browser test-code test-notebooks test-site test-other-pythons

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1|/' | \
		column -t -s '|' 2>/dev/null || grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST)

setup:  ## make .venv with the exact pins, or reuse it
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) found: install Python 3.11, 3.12 or 3.13."; exit 1; }
	@$(PYTHON) tools/bootstrap.py

book: setup  ## execute every chapter and build the site
	@python tools/build.py build

serve: setup  ## the same, and serve it on the loopback address (PORT=8000); Enter rebuilds
	@python tools/build.py serve --port $(PORT)

test: setup test-browser lint test-code book test-site test-notebooks test-other-pythons  ## everything that is tested, a browser included
	@echo "-- all tests passed"

test-browser: setup
	@python tools/browser.py

lint: setup  ## style (ruff) and types (mypy)
	@echo "-- style and types"
	@ruff check . && ruff format --check . && mypy

format: setup  ## put the code into the house's style
	@ruff check --fix . && ruff format .

test-code: setup  ## the tests that need no site
	@echo "-- laws, numbers, listings, errors"
	@python -m pytest -q -n 2 -m "not site"

test-site: setup
	@echo "-- the site in a browser"
	@python -m pytest -q -n 2 -m site

test-notebooks: setup
	@echo "-- every chapter's outputs, as committed"
	@python -m pytest -q -n 2 --dist loadscope $(NBVAL)

test-other-pythons: setup
	@python tools/other_pythons.py -q -n 2 --dist loadscope $(NBVAL)

notebooks: setup  ## execute the committed notebooks again and write them small (ONLY=book/NAME.ipynb)
	@python tools/notebooks.py $(ONLY)

requirements: setup  ## pin requirements.txt anew from requirements.in
	@uv pip compile --universal --python-version 3.11 --upgrade --custom-compile-command "make requirements" \
		--no-emit-index-url --no-emit-find-links requirements.in -o requirements.txt

clean:  ## remove what was built and installed
	@rm -rf _build .venv .venv-3.* node_modules
