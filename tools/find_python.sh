#!/bin/sh
# Print a Python that can make the book's environment. Where there is none: fail, and print one that
# runs at all, whose refusal by bootstrap.py says what is missing.
check='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
runs=
for name in python3 python3.13 python3.12 python3.11 python; do
    "$name" -c '' 2>/dev/null || continue # absent, or a shim that leads nowhere
    runs=${runs:-$name}
    "$name" -c "$check" 2>/dev/null && echo "$name" && exit
done
echo "${runs:-python3}"
exit 1
