"""What imitates other machines does so, and reaches the tests' data."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import hard_data
import ledger
import machines
import numpy as np
import other_pythons
import pytest

X = np.random.default_rng(0).standard_normal((40, 3))
BY_NAME = {machine.name: machine for machine in machines.MACHINES}


def rng():
    return np.random.default_rng(1)


def test_elsewhere_is_another_offset_and_the_same_numbers():
    there = machines.elsewhere(X, rng())
    assert (there == X).all()
    assert there.ctypes.data % 64 != 0
    assert there.ctypes.data % X.itemsize == 0


def test_another_order_has_the_same_rows():
    there = machines.shuffled(X, rng())
    assert (there != X).any()
    assert sorted(map(tuple, there)) == sorted(map(tuple, X))


def test_the_last_bits_are_moved_and_counts_are_not():
    there = machines.moved(X, rng())
    assert (there != X).all()
    np.testing.assert_array_max_ulp(there, X, 1)
    counts = np.arange(6.0)
    assert (machines.moved(counts, rng()) == counts).all()


@pytest.mark.parametrize("name", machines.SOURCES)
def test_the_sources_of_data_are_there(name):
    module = importlib.import_module(name)
    assert all(callable(getattr(module, function)) for function in machines.SOURCES[name])


@pytest.mark.parametrize(("module", "arguments"), [(ledger, ()), (hard_data, ("unit scale", 0))])
def test_the_tests_data_come_as_on_the_machine(module, arguments, monkeypatch):
    for source in machines.SOURCES.keys() & sys.modules.keys():  # all come back as they were
        for function in machines.SOURCES[source]:
            loaded = sys.modules[source]
            monkeypatch.setattr(loaded, function, getattr(loaded, function))
    (name,) = machines.SOURCES[module.__name__]
    made = getattr(module, name)
    machines.imitate(BY_NAME["no vector instructions, another order"])
    x, there = made(*arguments)[0], getattr(module, name)(*arguments)[0]
    assert (x != there).any()
    assert (np.sort(x, axis=0) == np.sort(there, axis=0)).all()


@pytest.mark.parametrize("machine", machines.MACHINES, ids=lambda machine: machine.name)
def test_a_process_is_on_the_machine_that_its_environment_names(machine):
    code = (
        "import machines; assert machines.here().name == machines.os.environ['EM_MACHINE'];"
        "print(len(machines.optional_features()))"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"PYTHONPATH": "tools"} | machines.environment(machine),
        cwd=other_pythons.ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    if machine.name.startswith("no vector instructions"):
        assert int(ran.stdout) == 0


@pytest.mark.parametrize("name", ["here", "one thread"])
def test_names_of_another_numpy_are_left_out_of_what_is_switched_off(name):
    known = machines.optional_features()[:1]
    off = {machines.DISABLED: " ".join(["ANOTHERS", *machines.switched_off(), *known])}
    code = f"import numpy, os; print(os.environ['{machines.DISABLED}'])"
    ran = subprocess.run(
        [sys.executable, "tools/machines.py", name, sys.executable, "-W", "error", "-c", code],
        env=os.environ | off,
        cwd=other_pythons.ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    assert ran.stdout.split() == [*machines.switched_off(), *known]


def test_the_oldest_and_the_newest_dependencies_are_always_tested():
    names = [environment.name for environment in other_pythons.environments()]
    assert names[0].startswith("oldest dependencies")
    assert names[1].startswith("newest dependencies")


def test_the_bounds_of_the_package_are_what_is_installed_there():
    asked = other_pythons.requirements()
    assert "numpy>=2.0" in asked
    assert not any(requirement.startswith("numpy==") for requirement in asked)
