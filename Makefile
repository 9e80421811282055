# PYTHON=python3.12 chooses another Python than the first usable one found.
PYTHON ?= $(shell sh tools/find_python.sh)
PORT ?= 8000
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)
# Two kernels beside each other would otherwise start two BLAS threads a core.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1
# A hundred processes would each compile every module that they import: a quarter of the time.
unexport PYTHONDONTWRITEBYTECODE

PIN := uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	--custom-compile-command "make requirements" --no-emit-index-url --no-emit-find-links

.NOTPARALLEL:
.PHONY: help setup book serve lab pdf slides sheets key zip reference check test bench bench-site lint format notebooks requirements clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

setup:  ## make .venv with the exact pins, or reuse it
	@$(PYTHON) -c '' 2>/dev/null || { echo "$(PYTHON) does not run: install Python 3.11, 3.12 or 3.13, or name one: make book PYTHON=…" >&2; exit 1; }
	@$(PYTHON) tools/bootstrap.py

book: setup  ## execute every chapter and build the site
	@python tools/build.py build

serve: setup  ## build the site and serve it on 127.0.0.1 (PORT=8000); Enter rebuilds
	@python tools/build.py serve --port $(PORT)

lab: setup  ## open the book in JupyterLab, as in Binder; Ctrl-C ends it
	@echo "-- JupyterLab opens in the browser in some seconds; Ctrl-C ends it"
	@JUPYTER_CONFIG_PATH=$(CURDIR)/binder jupyter lab --allow-root --port $(PORT) --log-level WARN \
		--LabApp.default_url=/lab/tree/book/index.ipynb --ServerApp.answer_yes=True

pdf: setup  ## print the whole book as one PDF
	@python tools/pdf.py

slides: setup  ## build the site and list its decks of slides, one a chapter
	@python tools/build.py slides

sheets: setup  ## print exercise sheets, each with other numbers, and their key (CHAPTERS=3,5 N=30)
	@python tools/sheets.py make --chapters "$(CHAPTERS)" --exercises "$(EXERCISES)" \
		--students "$(STUDENTS)" --count "$(or $(N),30)" --seed "$(or $(SEED),1)" --paper "$(or $(PAPER),a4)"

key: setup  ## say what is right on an exercise sheet (CODE=…)
	@python tools/sheets.py key "$(CODE)"

zip: setup  ## pack the site into one file that opens without server or network
	@python tools/pack.py

reference: setup  ## write the reference collection, em-reference.json, into _build/reference
	@python book/reference.py _build/reference
	@echo "-- _build/reference/em-reference.json is written, with its schema"

check: setup  ## test what is quick, while you work: style, types, laws, numbers, errors, house
	@python tools/run_tests.py --check $(ONLY)

test: setup  ## test everything: style, chapters, site in browsers, other Pythons (ONLY=STEP)
	@python tools/run_tests.py $(ONLY)

bench: setup  ## measure the fits beside scikit-learn, the listings and the floor (ten minutes)
	@python tools/bench_fit.py

bench-site: book  ## measure the widgets in a browser, beside the stock way to embed one
	@python tools/bench_site.py

lint: setup  ## style (ruff) and types (mypy)
	@ruff check . && ruff format --check . && mypy

format: setup  ## put the code into the house's style
	@ruff check --fix . && ruff format .

notebooks: setup  ## execute the chapters and write them small (ONLY=book/NAME.ipynb)
	@python tools/notebooks.py $(ONLY)

requirements: setup  ## pin requirements.txt anew from requirements.in, and Binder's from it
	@$(PIN) requirements.in -o requirements.txt
	@grep -v '^ipykernel==' requirements.txt | \
		$(PIN) --no-annotate --constraint - binder/requirements.in -o binder/requirements.txt

clean:  ## remove what was built and installed
	rm -rf _build .venv .venv-3.* node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache
