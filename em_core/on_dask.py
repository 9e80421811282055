"""Data on a cluster: the pieces are the partitions of a dask array, summed where they are.

It needs dask (``pip install .[dask]`` in the book's folder), which is imported when it is used and
not before.
"""

from collections.abc import Callable, Iterable
from typing import Any

from em_core import checks
from em_core.scale.chunks import Chunks, Value


class DaskChunks(Chunks):
    """The rows of a dask array, read partition by partition, anew in each pass.

    A pass is a task for each partition, run by the scheduler or the cluster's client that is
    active; what comes back is k · (1 + d + d (d + 1) / 2) sums from each. They are added in the
    order of the partitions, so that the answer has the bits of `Chunks` with the same pieces, if
    BLAS has one thread in the workers, as dask sees to. A lazy array is made anew in each pass;
    ``array.persist()`` keeps it on workers that have room for it.

    Parameters
    ----------
    array : dask.array.Array of shape (n, d)
        All columns of a row in one partition.

    Raises
    ------
    ValueError
        If it is not such an array.
    """

    def __init__(self, array: Any) -> None:
        blocks: tuple[int, ...] = getattr(array, "numblocks", ())
        right = "with whole rows in each partition, as array.rechunk({1: -1}) makes"
        checks.must(f"a dask array of shape (n, d) {right}", blocks[1:] == (1,), "array", array)
        super().__init__(array.to_delayed().ravel())

    def each(self, function: Callable[[int, Any], Value]) -> Iterable[Value]:
        """The values of `function` at the number and the partition: for all, in their order."""
        from dask.base import compute
        from dask.delayed import delayed

        task = delayed(function, pure=False)
        tasks = [task(number, piece) for number, piece in enumerate(self.pairs())]
        values: tuple[Value, ...] = compute(*tasks)
        return values
