#!/bin/sh
# Print a Python that can make the book's environment; failing that, any Python that runs, whose
# refusal by bootstrap.py then says what is missing.
runs=
for name in python3 python3.13 python3.12 python3.11 python; do
    "$name" -c '' 2>/dev/null || continue
    runs=${runs:-$name}
    "$name" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null &&
        echo "$name" && exit
done
echo "${runs:-python3}"
