"""What the figures and tables show, against direct computation."""

from __future__ import annotations

import re

import frames
import numpy as np
import pandas as pd
import pytest
from scipy.special import comb
from scipy.stats import binom, multivariate_normal

from em_core import CoinMixture, CoinParams, GaussianMixture, GaussianParams, em_steps, tables

pytestmark = pytest.mark.shared_out


X = np.array([[5, 5], [9, 1], [8, 2], [4, 6], [7, 3]])
START = CoinParams([0.6, 0.5], [0.5, 0.5])
THREE = GaussianParams(
    [0.1, 0.4, 0.5], [[0, 0], [3, 3], [0, 5]], [scale * np.eye(2) for scale in (1, 2, 3)]
)


def naive(theta_a, theta_b, weight=0.5):
    heads = X[:, 0]
    mix = weight * binom.pmf(heads, 10, theta_a) + (1 - weight) * binom.pmf(heads, 10, theta_b)
    with np.errstate(divide="ignore"):
        return np.log(mix).sum()


def test_log_binomials():
    assert tables.log_binomials(X) == pytest.approx(np.log(comb(10, X[:, 0])).sum())
    assert tables.log_binomials(np.array([[0, 0], [3, 0]])) == pytest.approx(0)


def test_expected_counts_add_up_to_the_counts_and_give_the_m_step():
    state = next(em_steps(CoinMixture(), X, START))
    counts = tables.expected_counts(X, state.responsibilities)
    assert counts.shape == (5, 2, 2)
    np.testing.assert_allclose(counts.sum(axis=1), X)
    heads, tails = counts.sum(axis=0).T
    after = CoinMixture().m_step(X, state.responsibilities, START)
    np.testing.assert_allclose(heads / (heads + tails), after.theta)


def test_log_likelihood_is_the_loops_and_may_be_minus_infinity():
    state = next(em_steps(CoinMixture(), X, START))
    assert tables.log_likelihood(CoinMixture(), X, START) == pytest.approx(state.log_likelihood)
    never = CoinParams([0.0, 1.0], [0.5, 0.5])
    assert tables.log_likelihood(CoinMixture(), X, never) == -np.inf


def test_the_surface_has_a_row_for_each_b_and_a_column_for_each_a():
    thetas = np.array([0.0, 0.2, 0.7, 1.0])
    surface = tables.coin_surface(X, thetas, weights=(0.3, 0.7))
    expected = [[naive(a, b, 0.3) for a in thetas] for b in thetas]
    np.testing.assert_allclose(surface, expected)


def test_with_equal_weights_the_surface_has_two_equal_peaks():
    surface = tables.coin_surface(X, np.linspace(0.05, 0.95, 19))
    np.testing.assert_allclose(surface, surface.T)
    row, column = np.unravel_index(surface.argmax(), surface.shape)
    assert row != column


def test_the_slice_is_a_row_of_the_surface():
    thetas = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(tables.coin_slice(X, thetas, 0.52), [naive(a, 0.52) for a in thetas])


def test_density_and_its_grid():
    parts = zip(THREE.weights, THREE.means, THREE.covariances, strict=True)
    mixture = [(w, multivariate_normal(m, c)) for w, m, c in parts]
    horizontal, vertical = np.linspace(-3, 6, 4), np.linspace(-2, 8, 3)
    grid = tables.density_grid(horizontal, vertical, THREE)
    assert grid.shape == (3, 4)
    point = [horizontal[1], vertical[2]]
    assert grid[2, 1] == pytest.approx(sum(w * normal.pdf(point) for w, normal in mixture))
    assert grid[2, 1] == pytest.approx(tables.density(np.array([point]), THREE)[0])


def test_the_density_integrates_to_one():
    axis = np.linspace(-12, 18, 301)
    volume = tables.density_grid(axis, axis, THREE).sum() * (axis[1] - axis[0]) ** 2
    assert volume == pytest.approx(1, abs=1e-9)


def test_the_half_axes_end_on_the_ellipse_and_are_square_to_each_other():
    covariance = np.array([[2.0, 0.6], [0.6, 0.5]])
    axes = tables.half_axes(covariance)
    np.testing.assert_allclose(np.einsum("ai,ij,aj->a", axes, np.linalg.inv(covariance), axes), 1)
    assert axes[0] @ axes[1] == pytest.approx(0, abs=1e-12)
    assert np.linalg.norm(axes[0]) > np.linalg.norm(axes[1])
    np.testing.assert_allclose(axes.T @ axes, covariance)


def test_a_component_on_a_point_gains_d_log_10_for_each_power_of_ten():
    x = np.array([[0.0, 0.0], [3.0, 1.0], [4.0, -1.0], [5.0, 2.0]])
    params = GaussianParams([0.25, 0.75], [x[0], x[1:].mean(axis=0)], [np.eye(2)] * 2)
    values = tables.narrowing(x, params, np.logspace(-4, -9, 6))
    np.testing.assert_allclose(np.diff(values), 2 * np.log(10), rtol=1e-6)


def test_an_ellipse_lies_at_its_mahalanobis_distance_and_closes():
    mean, covariance = np.array([1.0, -2.0]), np.array([[2.0, 0.6], [0.6, 0.5]])
    curve = tables.ellipse(mean, covariance, 2.0, points=37)
    away = curve - mean
    distances = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
    np.testing.assert_allclose(distances, 4)
    np.testing.assert_allclose(curve[0], curve[-1])


def test_ends_near_each_other_are_one_maximum():
    ends = np.array([-5.0, -3.001, -3.0, -5.004, -3.0, -7.0])
    levels, places = tables.maxima_of(ends)
    np.testing.assert_array_equal(levels, [-3.0, -5.0, -7.0])
    np.testing.assert_array_equal(places, [1, 0, 0, 1, 0, 2])
    np.testing.assert_array_equal(tables.maxima_of(ends, apart=1e-4)[1], [2, 1, 0, 3, 0, 4])


def test_what_was_found_and_what_others_found_beyond_it():
    found = tables.found_so_far([2, 1, 2, 4], np.array([0, 0, 1, 3, 2]))
    assert found == tables.Found(3, 2, 1, 1, 0.6, 0.4)
    assert tables.found_so_far([], np.array([0, 1])) == tables.Found(0, 0, -1, 0, 1.0, 1.0)


def test_tables_take_what_the_loop_yields():
    x = np.random.default_rng(0).standard_normal((20, 2))
    model = GaussianMixture()
    start = model.random_start(x, 2, np.random.default_rng(1))
    state = next(em_steps(model, x, start))
    assert tables.log_likelihood(model, x, start) == pytest.approx(state.log_likelihood)
    assert np.log(tables.density(x, start)).sum() == pytest.approx(state.log_likelihood)


# --- data frames as the chapters show them --------------------------------------------------------

FRAME = pd.DataFrame(
    {
        "heads": [5, 9],
        "θ_A": np.array([0.449149, 0.8]).round(2),
        "ℓ": [-1287.1, np.nan],
        "rate": [-np.inf, 1.5],
        "error": [1.234e-12, 3.4e-3],
        "kind": ["below -1", "<b>"],
        "converged": [True, False],
    }
)


def test_the_numbers_of_a_column_have_the_same_decimals():
    shown = {name: frames.cells(column) for name, column in FRAME.items()}
    assert shown == {
        "heads": ["5", "9"],
        "θ_A": ["0.45", "0.80"],
        "ℓ": ["−1287.1", "–"],
        "rate": ["−∞", "1.5"],
        "error": ["1.23 × 10^−12", "3.40 × 10^−3"],
        "kind": ["below −1", "<b>"],
        "converged": ["yes", "no"],
    }


def test_whole_numbers_are_grouped_as_in_the_prose():
    frame = pd.DataFrame({"n": [999, -16000000], "µs": [1244.0, np.nan], "ℓ": [-1034.5, 18437.1]})
    shown = {name: frames.cells(column) for name, column in frame.items()}
    assert shown["n"] == ["999", "−16,000,000"]
    assert shown["µs"] == ["1,244", "–"]
    assert shown["ℓ"] == ["−1034.5", "18,437.1"]
    assert frames.table(frame).count("<td>") == 6  # none of them is words


def test_no_number_is_multiplied_by_ten_to_the_nought():
    assert frames.cells(pd.Series([3.72345678, 1.25e-8])) == ["3.72", "1.25 × 10^−8"]


def test_a_frame_is_a_plain_table_with_heads():
    text = frames.table(FRAME)
    assert re.findall("<th .*?</th>", text)[:2] == [
        '<th scope="col">heads</th>',
        '<th scope="col">θ<sub>A</sub></th>',
    ]
    assert "<td>1.23 × 10<sup>−12</sup></td>" in text
    assert '<td class="words">&lt;b&gt;</td>' in text
    assert "style" not in text


@pytest.mark.parametrize("name", ["heads", "kind"])
def test_an_index_heads_the_rows_and_places_are_left_out(name):
    assert '<th scope="row"' not in frames.table(FRAME)
    named = frames.table(FRAME.set_index(name))
    assert named.count('<th scope="row"') == 2
    assert named.startswith('<table class="dataframe">\n<thead>\n<tr><th scope="col"')
    assert frames.plain(FRAME.set_index(name)).split()[0] == name


def test_a_frame_as_text_has_one_line_a_row():
    assert frames.plain(FRAME[["heads", "θ_A"]]) == "heads   θ_A\n    5  0.45\n    9  0.80"


def test_numbers_as_they_were_printed_stand_with_their_points_below_one_another():
    text = frames.table(pd.DataFrame({"printed": ["9", "0.36", "-1.5"], "kind": ["9", "a", "b"]}))
    assert '<th scope="col">printed</th>' in text
    rows = re.findall(r"<tr><td>(.*?)<span style=.*?min-width: 3ch.*?>(.*?)</span></td>", text)
    assert rows == [("9", ""), ("0", ".36"), ("−1", ".5")]
    assert text.count("<span") == 3
    assert "<span" not in frames.table(pd.DataFrame({"printed": ["0.36", "12.50"]}))
