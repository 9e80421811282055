"""Execute the chapters that the cache of the build lacks, one on each processor at a time.

Jupyter Book would do it one after the other. What fails here is left to it, which says why.
"""

from __future__ import annotations

import logging

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
        load_executor("local-parallel", cache, logger).run_and_cache(timeout=TIMEOUT)


if __name__ == "__main__":
    build.stoppable(main)
