"""What chapter 16, on the number of components, says of fits, criteria and tests is so."""

from __future__ import annotations

import warnings
from functools import cache

import how_many
import nbformat
import notebooks
import numpy as np
import pandas as pd
import pytest
import reference
from scipy.stats import chi2

import em_core
from em_core import (
    GaussianMixture,
    GaussianParams,
    aic,
    bic,
    fit,
    fit_restarts,
    icl,
    log_density,
    responsibilities,
)

X = how_many.faithful()
N = len(X)
FITS = how_many.fits()
STORED = how_many.stored()
SHAPES = ("full", "shared", "diagonal")


def cell(word):
    """The chapter's own cell in which a word stands."""
    notebook = nbformat.read(notebooks.BOOK / "16_how_many.ipynb", as_version=4)
    (found,) = (c.source for c in notebook.cells if c.cell_type == "code" and word in c.source)
    return found


def model(kind):
    return GaussianMixture(covariance=kind)


def by_k(criterion, kind):
    return np.array([criterion(model(kind), X, params) for params in FITS[kind]])


def log_likelihood(kind, params, x=X):
    return log_density(model(kind), x, params).sum()


@cache
def usual():
    """Ten starts with three components, as the chapter makes them."""
    ends = fit_restarts(model("full"), X, 3, starts=10, rng=1)
    reached = np.array([each.log_likelihood for each in ends])
    assert (abs(reached + 1119.21) < 0.01).sum() > 5  # "that most starts reach"
    return ends


# --- what is stored is what the script computes -------------------------------------------------


@pytest.mark.parametrize("kind", how_many.KINDS)
def test_a_stored_fit_is_a_maximum_and_its_best(kind):
    assert list(STORED["ends"]) == list(STORED["held_out"]) == list(how_many.KINDS)
    for k, params in enumerate(FITS[kind], start=1):
        here = log_likelihood(kind, params)
        assert len(params.weights) == k
        assert fit(model(kind), X, params).log_likelihood == pytest.approx(here, abs=1e-4)
    again = how_many.search(kind, X, 2, 5)[0]
    assert again.log_likelihood == pytest.approx(log_likelihood(kind, FITS[kind][1]), abs=1e-4)


def test_rows_left_out_are_as_likely_as_stored():
    totals = [how_many.left_out("full", 2, split).sum() for split in range(how_many.SPLITS)]
    assert np.mean(totals) == pytest.approx(STORED["held_out"]["full"][1], abs=0.01)


def test_the_statistics_of_one_gaussian_are_those_of_the_script():
    few, many = how_many.one_gaussian(samples=20), np.array(STORED["one_gaussian"])
    assert len(many) == how_many.SAMPLES
    assert abs((few > 5).mean() - (many > 5).mean()) < 4 * np.sqrt(0.25 / 20)
    assert (np.diff(many) >= 0).all()


# --- why not by the log-likelihood, and the prices ----------------------------------------------


def test_a_component_of_weight_0_changes_nothing():
    two = FITS["full"][1]
    one_more = GaussianParams([*two.weights, 0], [*two.means, X[0]], [*two.covariances, np.eye(2)])
    assert log_likelihood("full", one_more) == pytest.approx(log_likelihood("full", two))
    for kind in how_many.KINDS:
        assert (np.diff([log_likelihood(kind, params) for params in FITS[kind]]) > 0).all()


def test_a_needless_mean_gains_a_half_and_loses_a_half():
    rng = np.random.default_rng(0)
    old, new = rng.standard_normal((2, 40_000, 10)).mean(axis=2)
    seen, unseen = 10 * old**2 / 2, 10 * (old * new - old**2 / 2)
    for found, expected in ((seen, 0.5), (unseen, -0.5)):
        assert abs(found.mean() - expected) < 5 * found.std() / np.sqrt(len(found))


def test_laplace_s_integral_is_near_the_exact_one():
    """Of a coin with a uniform density: the integral is a Beta function."""
    from scipy.special import betaln

    heads, n = 60, 100
    share = heads / n
    top = heads * np.log(share) + (n - heads) * np.log(1 - share)
    information = n / (share * (1 - share))
    laplace = top + 0.5 * np.log(2 * np.pi) - 0.5 * np.log(information)
    assert laplace == pytest.approx(betaln(heads + 1, n - heads + 1), abs=0.02)


def test_the_labels_cost_the_entropy():
    params = FITS["full"][2]
    joint = model("full").log_joint(X, params)
    r = responsibilities(model("full"), X, params)
    labelled = (r * joint).sum()
    entropy = -(r * np.log(np.where(r > 0, r, 1))).sum()
    assert labelled == pytest.approx(log_likelihood("full", params) - entropy)
    assert icl(model("full"), X, params) == pytest.approx(
        bic(model("full"), X, params) + 2 * entropy
    )


def test_from_eight_rows_on_bic_is_the_stricter():
    assert np.log(7) < 2 < np.log(8)
    assert 3 * np.log(272) == pytest.approx(16.8, abs=0.05)


def test_what_each_criterion_chooses_with_a_covariance_each():
    """The table has the usual three; of the lucky one the text speaks below it."""
    three = usual()[0]
    assert three.log_likelihood == pytest.approx(-1119.21, abs=0.005)  # "ten starts missed"
    params = [*FITS["full"][:2], three.params]
    values = {c: [c(model("full"), X, p) for p in params] for c in (aic, bic, icl)}
    assert (np.diff(values[aic]) < 0).all()
    assert np.argmin(values[bic]) == np.argmin(values[icl]) == 1
    assert values[icl][2] - values[icl][1] > 100
    assert (np.diff(by_k(aic, "full")) < 0).all()  # "and would go on"


def test_mclust_s_icl_takes_the_likeliest_label():
    params = FITS["shared"][2]
    r = responsibilities(model("shared"), X, params)
    with_labels = bic(model("shared"), X, params) - 2 * np.log(r.max(axis=1)).sum()
    assert with_labels == pytest.approx(2358.39, abs=0.01)  # the package prints −2357.824
    assert icl(model("shared"), X, params) > with_labels + 40


# --- shapes, and the lucky three ----------------------------------------------------------------


def test_each_shape_has_its_own_answer():
    least = {kind: int(by_k(bic, kind).argmin()) + 1 for kind in how_many.KINDS}
    assert least == {"full": 2, "shared": 3, "diagonal": 4, "spherical": 5}
    assert by_k(bic, "shared").min() == min(by_k(bic, kind).min() for kind in how_many.KINDS)
    assert by_k(bic, "shared")[2] == pytest.approx(2314.30, abs=0.005)
    for kind, values in {
        "full": [2322.2, 2362],
        "shared": [2325, 2328],
        "diagonal": [2346, 2346],
    }.items():
        assert by_k(bic, kind)[[1, 4]] == pytest.approx(values, abs=1)
    assert by_k(bic, "diagonal")[2:4] == pytest.approx([2332.5, 2332.3], abs=0.05)
    narrowest = FITS["diagonal"][3].covariances[:, 0, 0].min()
    assert 60 * np.sqrt(narrowest) == pytest.approx(4.4, abs=0.05)
    assert by_k(bic, "spherical")[[1, 4]] == pytest.approx([3458, 3128], abs=0.5)


def test_with_a_shape_each_and_with_one_for_three_there_are_as_many_parameters():
    from em_core import free_parameters

    assert free_parameters(model("full"), FITS["full"][1]) == 11
    assert free_parameters(model("shared"), FITS["shared"][2]) == 11


def test_the_lucky_three_has_a_deviation_of_four_seconds():
    lucky = FITS["full"][2]
    narrow = int(lucky.covariances[:, 0, 0].argmin())
    assert log_likelihood("full", lucky) == pytest.approx(-1114.44, abs=0.005)
    values = by_k(bic, "full")
    assert values[2] == pytest.approx(2324.2, abs=0.05)
    assert values[2] - values[1] == pytest.approx(2.0, abs=0.05)
    assert 60 * np.sqrt(lucky.covariances[narrow, 0, 0]) == pytest.approx(3.8, abs=0.05)
    assert N * lucky.weights[narrow] == pytest.approx(35, abs=0.5)
    assert STORED["ends"]["full"][2]["found"] == 3
    assert STORED["ends"]["shared"][2]["found"] == 49
    assert lucky.means[narrow, 0] == pytest.approx(1.84, abs=0.005)
    inside = (lucky.means[narrow] - lucky.means[1]) @ np.linalg.solve(
        lucky.covariances[1], lucky.means[narrow] - lucky.means[1]
    )
    assert inside < 4  # within two standard deviations of what is left of its cloud


def test_no_warning_comes_with_the_lucky_three():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model("full"), X, FITS["full"][2])


def test_the_third_of_one_shape_shares_the_long_eruptions():
    r = responsibilities(model("shared"), X, FITS["shared"][2])
    short = X[:, 0] < 3
    homes = [np.bincount(r[rows].argmax(axis=1), minlength=3) for rows in (short, ~short)]
    assert (homes[0] > 5).sum() == 1
    assert sorted(homes[1])[1] > 30


def printed_by_mclust(kind):
    rows = reference.entries("mclust-bic")
    return np.array([float(one.printed) for one in rows if f"-{kind}-" in one.problem])


def test_where_mclust_and_we_differ():
    by_kind = {kind: printed_by_mclust(kind) for kind in how_many.KINDS}
    for kind, printed in by_kind.items():
        assert (-by_k(bic, kind)[:4] > printed - 0.001).all()
    full, shared = by_kind["full"], by_kind["shared"]
    for kind, column in (("own", full), ("shared", shared)):
        shown = ", ".join(f"{printed:.1f}" for printed in column)
        assert f'"{kind}, mclust": [{shown}],' in cell("mclust")
    ours = {kind: -by_k(bic, kind)[:4] for kind in ("full", "shared")}
    np.testing.assert_allclose(full[:2], ours["full"][:2], atol=6e-4)
    np.testing.assert_allclose(shared[:2], ours["shared"][:2], atol=6e-4)
    assert ours["full"][2] - full[2] == pytest.approx(25, abs=1)
    assert ours["shared"][3] - shared[3] == pytest.approx(11, abs=0.5)
    assert ours["shared"][2] - shared[2] == pytest.approx(0.02, abs=0.005)


# --- rows left out ------------------------------------------------------------------------------


@cache
def rows_left_out(kind, k):
    return how_many.left_out(kind, k, 0)


def test_the_best_three_are_no_further_apart_than_chance_allows():
    held = {kind: np.array(STORED["held_out"][kind]) for kind in SHAPES}
    best = [values.max() for values in held.values()]
    assert best == pytest.approx([-1141.9, -1140.0, -1141.6], abs=0.05)
    assert [values.argmax() + 1 for values in held.values()] == [4, 3, 4]
    assert held["full"][1] == pytest.approx(-1142.8, abs=0.05)
    seen = log_likelihood("full", FITS["full"][1])
    assert seen - held["full"][1] == pytest.approx(12.5, abs=0.05)
    for out in (held["full"][0], held["full"][4], held["diagonal"][1]):
        assert out < min(best) - 13
    gain = rows_left_out("shared", 3) - rows_left_out("full", 2)
    assert gain.sum() == pytest.approx(2.9, abs=0.06)
    assert np.sqrt(N) * gain.std() == pytest.approx(3.5, abs=0.06)


def test_the_program_shown_leaves_out_what_the_script_leaves_out():
    names = vars(em_core) | {"np": np}
    exec(cell("def held_out"), names)
    found = names["held_out"](model("full"), X, 1, np.random.default_rng(0))
    assert found == pytest.approx(rows_left_out("full", 1).sum())


# --- the test -----------------------------------------------------------------------------------


def test_chi_squared_is_wrong_about_one_gaussian():
    found = np.array(STORED["one_gaussian"])
    limit = chi2.ppf(0.95, 3)
    assert limit == pytest.approx(7.8, abs=0.05)
    assert (found > limit).sum() == 35
    assert np.median(found) == pytest.approx(5.0, abs=0.05)
    assert chi2.median(3) == pytest.approx(2.4, abs=0.05)
    assert (found > limit).mean() == pytest.approx(0.18, abs=0.005)


def test_the_slope_at_the_border_is_the_sum_of_ratios():
    x = X[:40]
    one, other = GaussianParams([1], [[3.5, 71]], [np.cov(X.T)]), ([4.5, 80], np.diag([0.1, 30]))
    second = GaussianParams([1], [other[0]], [other[1]])
    ratios = np.exp(log_density(model("full"), x, second) - log_density(model("full"), x, one)) - 1

    def at(w):
        both = GaussianParams([1 - w, w], [*one.means, other[0]], [*one.covariances, other[1]])
        return log_likelihood("full", both, x)

    assert (at(1e-7) - at(0)) / 1e-7 == pytest.approx(ratios.sum(), rel=1e-4)


def test_two_against_three_on_old_faithful():
    drawn = {kind: np.array(STORED["ratios"][kind]) for kind in ("full", "shared")}
    gains = {}
    for kind, simulated in drawn.items():
        values = [log_likelihood(kind, params) for params in FITS[kind][1:3]]
        gains[kind] = 2 * (values[1] - values[0])
        assert len(simulated) == 199
    assert gains["shared"] == pytest.approx(27.74, abs=0.005)
    assert drawn["shared"].max() < gains["shared"]
    assert gains["full"] == pytest.approx(31.65, abs=0.005)
    assert (1 + (drawn["full"] >= gains["full"]).sum()) / 200 == pytest.approx(0.02)
    assert np.median(drawn["full"]) == pytest.approx(15.0, abs=0.05)
    assert chi2.median(6) == pytest.approx(5.3, abs=0.05)
    end = 2 * (usual()[0].log_likelihood - log_likelihood("full", FITS["full"][1]))
    assert end == pytest.approx(22.1, abs=0.05)
    assert (1 + (drawn["full"] >= end).sum()) / 200 == pytest.approx(0.155)


# --- what to tell the ranger, and the exercises -------------------------------------------------


def test_two_kinds_are_beyond_doubt_and_icl_stops_there():
    for kind in SHAPES:
        for criterion in (aic, bic, icl):
            values = by_k(criterion, kind)
            assert values[0] - values[1] > 200
        assert by_k(icl, kind).argmin() == 1
        held = STORED["held_out"][kind]
        assert 2 * (held[1] - held[0]) > 200
    waits = sorted(FITS["full"][1].means[:, 1])
    assert waits == pytest.approx([54, 80], abs=0.5)


def test_round_components_are_wanted_without_end():
    assert (np.diff(by_k(bic, "spherical")) < 0).all()
    assert (np.diff(STORED["held_out"]["spherical"]) > 0).all()


def test_a_bic_does_not_ask_for_units_and_one_of_two_does():
    blob = np.random.default_rng(1).standard_normal((200, 2))
    one = fit_restarts(model("full"), blob, 1, starts=1, rng=1)[0].params
    tenfold = GaussianParams(one.weights, 10 * one.means, 100 * one.covariances)
    risen = bic(model("full"), 10 * blob, tenfold) - bic(model("full"), blob, one)
    assert risen == pytest.approx(2 * 2 * 200 * np.log(10))


def test_three_classes_of_slides_and_in_the_smallest_the_seven_are_divided():
    """By the solution's own cell."""
    names = vars(em_core) | {"np": np, "pd": pd, "how_many": how_many}
    exec(cell("class LatentClasses"), names)
    assert names["slides"].shape == (118, 7)
    judged, classes = names["judged"], names["classes"]
    for criterion in (aic, bic):
        assert np.argmin([criterion(judged, names["slides"], each) for each in classes]) == 1
    three = classes[1]
    order = three.weights.argsort()
    assert three.weights[order] == pytest.approx([0.1817, 0.3736, 0.4447], abs=5e-5)
    divided, *others = three.yes[order]
    assert (divided < 0.1).sum() == 3
    assert (divided > 0.99).sum() == 1
    for yes in others:
        assert min((yes > 0.5).sum(), (yes < 0.5).sum()) <= 1
