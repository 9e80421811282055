"""The door to data on a cluster; it needs dask (``pip install .[dask]`` in the book's folder)."""

from em_core.scale.dask import DaskChunks

__all__ = ["DaskChunks"]
