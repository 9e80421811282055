"""Execute the chapters that the cache of the build lacks, one on each processor; build the site.

python tools/execute.py build . ... does besides what `jupyter-book build . ...` does, which would
execute one after the other. Those that look at the clock come last, and alone: what they show is a
time, and another chapter beside them would be a part of it. What fails is left to Jupyter Book,
which says why.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import build
from jupyter_book.cli.main import main as jupyter_book
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from notebooks import chapters

TIMEOUT = 300  # seconds a cell


def execute() -> None:
    cache = get_cache(build.CACHE)
    for path in chapters():
        cache.add_nb_to_project(str(path))
    if wanting := cache.list_unexecuted():
        print(f"-- executing {len(wanting)} notebooks", flush=True)
        logger = logging.getLogger("execute")
        logger.setLevel(logging.INFO)
        clocked = {p.pk: "perf_counter" in Path(p.uri).read_text("utf-8") for p in wanting}
        for executor, alone in (("local-parallel", False), ("local-serial", True)):
            if keys := [key for key, looks in clocked.items() if looks == alone]:
                load = load_executor(executor, cache, logger)
                load.run_and_cache(filter_pks=keys, timeout=TIMEOUT)


def main() -> None:
    execute()
    jupyter_book()


if __name__ == "__main__":
    sys.exit(build.stoppable(main))
