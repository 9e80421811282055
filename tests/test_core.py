"""The core's shape: its names, who imports whom, and how small it is."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import em_core

pytestmark = pytest.mark.shared_out


PACKAGE = Path(em_core.__file__).parent
MODELS = ["checks", "em", "covariances", "survey", "priors", "coins", "gaussians", "starts"]
SCALE = ["threads", "chunks", "sweeps", "coins", "gaussians", "known"]
CORE = [*MODELS, *(f"scale.{name}" for name in SCALE), "fitting", "worth", "resampling", "on_dask"]
LEVELS = [*CORE, "style", "listings", "tables", "plots", "widgets", "exercises"]
WORTH = ["aic", "bic", "icl", "observed_information", "standard_errors", "em_jacobian", "rate"]
CONTRACT = {
    "CoinMixture": "(fit_weights=False)",
    "CoinParams": "(theta, weights)",
    "GaussianMixture": "(covariance='full', prior=None)",
    "GaussianPrior": "(concentration, mean, shrinkage, degrees, scale)",
    "GaussianParams": "(weights, means, covariances)",
    "em_steps": "(model, x, params, *, row_weights=None)",
    "fit": "(model, x, params, *, row_weights=None, tol=1e-08, max_iter=10000, accelerate=False, "
    "progress=None, threads=None)",
    "fit_restarts": "(model, x, k, *, starts, rng, row_weights=None, tol=1e-08, max_iter=10000, "
    "accelerate=False, progress=None, jobs=1, threads=None)",
    "kmeans_start": "(x, k, rng, covariance='full')",
    "lower_bound": "(model, x, params, responsibilities)",
    **dict.fromkeys(WORTH, "(model, x, params, *, row_weights=None)"),
    **dict.fromkeys(["responsibilities", "log_density"], "(model, x, params)"),
    "free_parameters": "(model, params)",
    "bootstrap": "(model, x, params, *, samples, rng, tol=1e-08, max_iter=10000, "
    "accelerate=False, jobs=1)",
    "bootstrap_ratio_test": "(model, x, smaller, larger, *, samples, rng, starts=10, tol=1e-08, "
    "max_iter=10000, accelerate=False, jobs=1)",
    "EMState": "(iteration, params, posterior, log_likelihood, log_posterior)",
    "RatioTest": "(statistic, simulated, p_value)",
    "EMResult": "(params, log_likelihood, iterations, converged, log_likelihoods, log_posterior, "
    "log_posteriors)",
}


def signature(thing):
    """Names and defaults, without annotations."""
    given = inspect.signature(thing)
    bare = [p.replace(annotation=p.empty) for p in given.parameters.values()]
    return str(given.replace(parameters=bare, return_annotation=given.empty))


@pytest.mark.parametrize("name", CONTRACT)
def test_the_names_and_their_arguments_are_the_contract(name):
    assert signature(getattr(em_core, name)) == CONTRACT[name]
    assert name in em_core.__all__


@pytest.mark.parametrize("model", [em_core.CoinMixture, em_core.GaussianMixture])
def test_models_have_the_contracts_methods(model):
    tosses = ", tosses=10" if model is em_core.CoinMixture else ""
    assert signature(model.log_joint) == "(self, x, params)"
    assert signature(model.m_step) == "(self, x, responsibilities, params)"
    assert signature(model.sample) == f"(self, params, n, rng{tosses})"
    assert signature(model.random_start) == "(self, x, k, rng)"


def level(name: str) -> str:
    """The module in which a name stands, or its folder; those of `scale` have an order."""
    parts = name.removeprefix("em_core.").split(".")
    return ".".join(parts[: 1 + (parts[0] == "scale")])


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_imports_run_one_way(path):
    own = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    if own in ("__init__", "scale.__init__"):
        return
    imported = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("em_core")
        for alias in node.names
    ]
    for name in map(level, imported):
        beside = name == level(own) and "." in own and not own.startswith("scale.")
        assert beside or LEVELS.index(name) < LEVELS.index(level(own)), name


@pytest.mark.parametrize("name", MODELS)
def test_what_the_book_explains_knows_nothing_of_speed(name):
    assert not re.search(r"em_core\.scale|sweep|chunk|block", source(name), re.I)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_nothing_draws_by_pyplot(path):
    assert "pyplot" not in re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL)


def test_the_core_needs_nothing_that_draws():
    code = (
        "import sys\n"
        "for name in ('matplotlib', 'ipywidgets', 'anywidget', 'IPython', 'sklearn', 'pandas'):\n"
        "    sys.modules[name] = None\n"
        "import em_core, em_core.listings, em_core.tables\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def code_lines(source: str) -> set[int]:
    """Numbers of the lines that hold code: no docstring, comment or blank line."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    ]
    docs = {n for text in texts for n in range(text.lineno, text.end_lineno + 1)}
    lines = enumerate(source.splitlines(), start=1)
    return {n for n, line in lines if line.strip() and not line.strip().startswith("#")} - docs


def source(module: str) -> str:
    return (PACKAGE / f"{module.replace('.', '/')}.py").read_text()


def test_the_core_is_at_most_1916_lines_of_code():
    sizes = {name: len(code_lines(source(name))) for name in ["__init__", *CORE]}
    assert sum(sizes.values()) <= 1916, sizes


def test_the_core_is_all_that_does_not_draw_show_or_check():
    others = {"style", "listings", "tables", "plots", "widgets", "exercises"}
    found = {".".join(p.relative_to(PACKAGE).with_suffix("").parts) for p in PACKAGE.rglob("*.py")}
    core = {name for name in found if name.partition(".")[0] not in others}
    assert core == {"__init__", "scale.__init__", *CORE}


@pytest.mark.parametrize("name", CORE)
def test_functions_are_short(name):
    text = source(name)
    code = code_lines(text)
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    lengths = [len(code & set(range(f.lineno, f.end_lineno + 1))) for f in functions]
    assert max(lengths, default=0) <= 35
