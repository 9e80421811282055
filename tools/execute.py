"""Execute the chapters that the cache of the build lacks, one on each processor at a time.

Jupyter Book would do it one after the other. Those that look at the clock come last, and alone:
what they show is a time, and another chapter beside them would be a part of it. What fails here is
left to Jupyter Book, which says why.
"""

from __future__ import annotations

import logging
from pathlib import Path

import build
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from notebooks import chapters

TIMEOUT = 300  # seconds a cell


def main() -> None:
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


if __name__ == "__main__":
    build.stoppable(main)
