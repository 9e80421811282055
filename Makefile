# Each target is one of run.py, which does the same without make; `make help` lists them. Settings,
# such as PORT=9000, reach it as variables of the environment. PYTHON=python3.12 chooses another Python than the first
# usable one found.
PYTHON ?= $(shell sh tools/find_python.sh)
# Where .venv is there, python3 is its Python: it stays as it was made.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
TARGETS := help setup book serve lab pdf slides sheets key moodle handout zip reference check test bench \
	bench-site lint format notebooks requirements clean

.NOTPARALLEL:
.PHONY: $(TARGETS)
.DEFAULT_GOAL := help

$(TARGETS):
	@$(PYTHON) -c '' 2>/dev/null || { echo "$(PYTHON) does not run: install Python 3.11, 3.12 or 3.13, or name one: make book PYTHON=…" >&2; exit 1; }
	@$(PYTHON) run.py $@
