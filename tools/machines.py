"""Machines unlike this one, imitated: rounding differs on them, and no answer may depend on it.

python tools/machines.py [NAME COMMAND ...]

It lists them, or runs a command on one, or "here", on the one it is on already. What puts a process
on a machine is its environment; the code that is tested, and the tests, know nothing of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from types import ModuleType
from typing import Any

import numpy as np

NAME = "EM_MACHINE"
DISABLED = "NPY_DISABLE_CPU_FEATURES"
Move = Callable[[np.ndarray, np.random.Generator], np.ndarray]

# The functions that make the tests' data, by module; the data come first in what each returns.
SOURCES = {
    "ledger": ["gaussian_data"],
    "hard_data": ["case"],
    "test_acceleration": ["drawn", "overlapping"],
    "test_laws": ["drawn"],
    "test_sklearn": ["data"],
}


def elsewhere(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same numbers at another offset from the borders that vector instructions like."""
    room = np.empty(x.nbytes + 128, dtype=np.uint8)
    border = -room.ctypes.data % 64
    start = border + x.itemsize * int(rng.integers(1, 64 // x.itemsize))
    there = room[start : start + x.nbytes].view(x.dtype).reshape(x.shape)
    there[...] = x
    return there


def shuffled(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same rows in another order."""
    return rng.permutation(x)


def moved(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every number moved to one of its neighbours; counts stay."""
    if (x == np.floor(x)).all():
        return x
    return np.nextafter(x, rng.choice([-np.inf, np.inf], size=x.shape))


@dataclass(frozen=True)
class Machine:
    """What is imitated, by what the environment holds and by what becomes of the data."""

    name: str
    environment: dict[str, str]
    move: Move | None = None


def optional_features() -> list[str]:
    """What numpy takes from this processor although it could do without."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__[name]]


def switched_off() -> list[str]:
    """What is off already, in the names of this numpy, which warns of those of others."""
    from numpy._core._multiarray_umath import __cpu_dispatch__

    return [name for name in os.environ.get(DISABLED, "").split() if name in __cpu_dispatch__]


def without_features() -> dict[str, str]:
    """Switch them off, and leave off what is so already."""
    return {DISABLED: " ".join([*switched_off(), *optional_features()])}


def threads(number: int) -> dict[str, str]:
    return dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), str(number))


MACHINES = [
    Machine("no vector instructions", without_features() | threads(1)),
    Machine("one thread", threads(1)),
    Machine("two threads", threads(2)),
    Machine("no vector instructions, another order", without_features() | threads(1), shuffled),
    Machine("two threads, another offset", threads(2), elsewhere),
    Machine("other last bits", {}, moved),
]


def environment(machine: Machine) -> dict[str, str]:
    """What to add to the environment of a test run, or of a kernel."""
    return machine.environment | {NAME: machine.name}


def here() -> Machine | None:
    """The machine that this process shall imitate."""
    name = os.environ.get(NAME)
    return next(m for m in MACHINES if m.name == name) if name else None


def imitate(machine: Machine) -> None:
    """Let the tests' data come as they would on that machine."""
    for name, functions in SOURCES.items():
        if machine.move and name in sys.modules:
            for function in functions:
                _wrap(sys.modules[name], function, machine.move)


def _wrap(module: ModuleType, name: str, move: Move) -> None:
    made = getattr(module, name)

    @wraps(made)
    def made_there(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
        x, *rest = made(*args, **kwargs)
        return move(x, np.random.default_rng(len(x))), *rest

    setattr(module, name, made_there)


def main(name: str = "", *command: str) -> None:
    """List the machines, or become the command on one of them."""
    if not name:
        for machine in MACHINES:
            print(" ".join(f"{key}={value!r}" for key, value in environment(machine).items()))
        return
    chosen = here() if name == "here" else next(m for m in MACHINES if m.name == name)
    off = {DISABLED: " ".join(switched_off())} if DISABLED in os.environ else {}
    added = off | (environment(chosen) if chosen else {})
    os.execvpe(command[0], command, os.environ | added)


if __name__ == "__main__":
    main(*sys.argv[1:])
