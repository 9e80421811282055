"""What chapter 22 says of EM's relatives: one hill, what never falls, ends, hovering, two lines."""

from __future__ import annotations

import warnings
from functools import cache

import family
import numpy as np
import pytest
from family import (
    TwoLines,
    bound,
    climb,
    countries,
    drawn,
    hard,
    in_band,
    log_likelihood,
    log_prior,
    posterior,
    top,
    variants,
    with_prior,
)
from scipy.special import rel_entr

from em_core import em_steps, fit, lower_bound

END_Q, END = climb(posterior, top, iterations=100)[-1]
GRID = np.linspace(0.01, 0.99, 99)


def divergence(q, theta):
    """From the posterior."""
    p = posterior(theta)
    return rel_entr(q, p) + rel_entr(1 - q, 1 - p)


def run(name: str, theta: float = 1 / 3, iterations: int = 40):
    return climb(*variants()[name], theta, iterations=iterations)


# --- the hill -------------------------------------------------------------------------------------


def test_the_hill_is_the_books_bound():
    """Four rows: A's tosses as three of one label, the ten as a row of two."""

    class Coins:
        def log_joint(self, x, theta):
            known = np.log([theta, 1 - theta, 1 - theta])[:, None] + np.log([1, 1e-300])
            return np.vstack([known, np.log(family.joint(theta))])

    q, theta = 0.3, 0.6
    shares = [[1, 0], [1, 0], [1, 0], [q, 1 - q]]
    assert lower_bound(Coins(), np.zeros(4), theta, shares) == pytest.approx(bound(q, theta))


@pytest.mark.parametrize("q", [0.0, 0.3, 1.0])
def test_the_m_step_goes_to_the_dotted_line(q):
    heights = bound(q, GRID)
    assert (heights <= bound(q, top(q, 0)) + 1e-12).all()
    assert GRID[heights.argmax()] == pytest.approx(top(q, 0), abs=0.01)
    by_counts = (1 + 8 * q) * np.log(GRID) + (2 + 2 * q) * np.log(1 - GRID)
    assert np.ptp(heights - by_counts) < 1e-12  # what is left has no θ
    assert (bound(q, GRID) + log_prior(GRID) <= prior_height(q, with_prior(q, 0)) + 1e-12).all()


def prior_height(q, theta):
    return bound(q, theta) + log_prior(theta)


def test_along_the_solid_line_its_height_is_the_log_likelihood():
    np.testing.assert_allclose(bound(posterior(GRID), GRID), log_likelihood(GRID))
    a, b = family.joint(GRID)
    ours = np.log(GRID) + 2 * np.log(1 - GRID) + np.log(a + b)
    np.testing.assert_allclose(log_likelihood(GRID), ours)
    gap = log_likelihood(GRID) - bound(0.4, GRID)
    np.testing.assert_allclose(gap, divergence(0.4, GRID))


def test_the_top():
    assert (pytest.approx(0.824, abs=5e-4), pytest.approx(0.675, abs=5e-4)) == (END_Q, END)
    heights = log_likelihood(np.linspace(0.001, 0.999, 999))
    turns = np.diff(np.sign(np.diff(heights)))
    assert np.count_nonzero(turns) == 1  # one top: "EM has one end"
    stairs = np.diff(run("EM")[1::2, 1])
    assert np.count_nonzero(stairs > 0.01) == 4  # and the first step: five that can be seen


# --- what can be lost -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*variants()])
def test_what_never_falls(name):
    path = np.vstack([run(name, theta)[1:] for theta in (0.21, 1 / 3, 0.6, END)])
    likelihoods = log_likelihood(path[:, 1])
    run_ends = np.arange(len(path)) % 80 == 79
    climbs = np.diff(bound(*path.T))[~run_ends[:-1]]
    gains = np.diff(likelihoods)[~run_ends[:-1]]
    penalised = np.diff(likelihoods + log_prior(path[:, 1]))[~run_ends[:-1]]

    def never(rises):
        return (rises > -1e-12).all()

    assert never(gains) == (name in ("EM", "GEM"))
    assert never(climbs) == (name in ("EM", "GEM", "hard EM", "variational"))
    assert never(penalised) or name != "MAP"


@pytest.mark.parametrize("theta", [0.25, 0.5, END, 0.85])
def test_the_log_likelihood_falls_by_at_most_the_divergence(theta):
    for q in (0.0, 0.2, 0.5, 0.9, 1.0):
        for share in (0.1, 0.5, 1.0):
            new = theta + share * (top(q, theta) - theta)
            gain = log_likelihood(new) - log_likelihood(theta)
            assert gain >= -divergence(q, theta) - 1e-12


def test_at_ems_maximum_two_stay_and_the_others_go_down():
    for name in ("EM", "GEM"):
        assert run(name, END, 1)[-1] == pytest.approx([END_Q, END])
    for name in ("hard EM", "variational", "Monte Carlo"):
        q, theta = run(name, END, 1)[-1]
        assert -0.2 * divergence(q, END) < log_likelihood(theta) - log_likelihood(END) < 0
    for name in ("hard EM", "variational"):  # "stay where they then are"
        path = run(name, END)
        assert path[-1] == pytest.approx(path[2])


# --- the paths ------------------------------------------------------------------------------------


def test_where_each_ends():
    assert run("GEM", iterations=60)[-1] == pytest.approx([END_Q, END])
    assert run("MAP")[-1, 1] == pytest.approx(0.591, abs=5e-4)
    assert run("hard EM")[2:] == pytest.approx(np.tile([0, 1 / 3], (79, 1)))
    assert run("hard EM", 0.6)[-1] == pytest.approx([1, 9 / 13])
    assert (bound(0, 1 / 3), bound(1, 9 / 13)) == pytest.approx((-9.53, -8.72), abs=0.005)
    assert run("variational")[-1] == pytest.approx([0.6, 0.644], abs=5e-4)
    assert posterior(0.644) > 0.6  # it "would cross its border"


def test_gem_needs_about_twice_as_many_stairs():
    def steps(name):
        return np.flatnonzero(abs(run(name)[::2, 1] - END) < 0.02)[0]

    assert 1.5 < steps("GEM") / steps("EM") < 2.5


def test_one_draw_jumps_and_many_hover():
    runs = {m: climb(drawn(m), top, iterations=4000) for m in (1, 20, 500)}
    assert set(runs[1][1:, 0]) == {0, 1}
    stays = posterior(9 / 13) + 1 - posterior(1 / 3)
    at_a = posterior(1 / 3) / (2 - stays)  # the share of q = 1, in the long run
    assert 1 - at_a == pytest.approx(0.7, abs=0.03)
    assert (runs[1][201::2, 0] == 0).mean() == pytest.approx(0.7, abs=0.05)  # "seven in ten"
    late = {m: path[200::2, 1] for m, path in runs.items()}
    assert late[20].std() / late[500].std() == pytest.approx(5, abs=0.5)
    assert late[500].mean() == pytest.approx(END, abs=1e-3)
    assert abs(late[1].mean() - END) > 0.2


def test_by_hand():
    assert posterior(0.5) == 0.5
    ways = variants()
    new = {name: ways[name][1](0.5, 0.5) for name in ("EM", "GEM", "MAP")}
    assert new == {"EM": 5 / 8, "GEM": 9 / 16, "MAP": 9 / 16}
    a, b = 2 * np.array(family.joint(1 / 3))
    assert (a, b) == (pytest.approx(4 / 3**10), pytest.approx(2**-10))
    assert (round(a, 5), round(b, 3)) == (0.00007, 0.001)
    assert 2 * family.joint(9 / 13)[0] == pytest.approx(0.005, abs=5e-4)
    assert (hard(1 / 3), hard(9 / 13), in_band(1 / 3)) == (0, 1, 0.2)


def test_half_the_way_leaves_half_of_the_error_and_more():
    rate = {}
    for name, late in (("EM", 6), ("GEM", 25)):
        errors = run(name)[::2, 1] - END
        rate[name] = errors[late + 1] / errors[late]
    assert rate["EM"] == pytest.approx(0.092, abs=5e-4)
    assert rate["GEM"] == pytest.approx(0.546, abs=5e-4)
    assert rate["GEM"] == pytest.approx((1 + rate["EM"]) / 2, abs=1e-5)
    assert 1 / (1 - rate["EM"]) == pytest.approx(1.10, abs=0.005)


# --- two lines ------------------------------------------------------------------------------------


@cache
def published():
    return fit(TwoLines(), countries(), family.PUBLISHED_START, tol=1e-8)


def test_the_published_run_takes_ten_iterations():
    found = published()
    gains = np.diff(found.log_likelihoods)
    assert found.iterations == 10
    assert gains[-2:] == pytest.approx([1.7e-8, 1.5e-9], rel=0.04)
    p = found.params
    printed = [".754921 .245079", "8.678987 -.023344 1.415150 .676596", "2.049315 .809389"]
    for ours, text in zip((p.weights, p.lines.ravel(), p.sigma), printed, strict=True):
        np.testing.assert_allclose(ours, [float(one) for one in text.split()], atol=5.01e-7)
    assert round(found.log_likelihood, 5) == -66.93977


def test_by_the_parameters_it_would_be_nineteen():
    before = None
    for state in em_steps(TwoLines(), countries(), family.PUBLISHED_START):
        p = state.params
        now = np.concatenate([p.weights, p.lines.ravel(), p.sigma])
        if before is not None and abs(now - before).max() < 1e-8:
            break
        before = now
    assert state.iteration == 19


def test_two_kinds_of_countries():
    assert len(countries()) == 28
    level, rising = published().params.lines
    assert abs(level[1]) < 0.03 < 0.6 < rising[1]
    assert published().params.weights[0] == pytest.approx(3 / 4, abs=0.01)


def test_from_other_starts_it_ends_lower_or_climbs_the_wall():
    def ended(lines):
        start = family.Lines(np.array([0.5, 0.5]), np.array(lines), np.array([2.0, 2.0]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return fit(TwoLines(), countries(), start, max_iter=20)

    assert ended([[4.0, -0.1], [8.1, 0.9]]).log_likelihood == pytest.approx(-70.17, abs=0.005)
    wall = ended([[9.6, -0.9], [4.0, -1.0]])
    assert wall.log_likelihood > -20
    assert wall.params.sigma.min() < 0.01
    assert 28 * wall.params.weights.min() < 2.5
