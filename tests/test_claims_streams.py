"""What chapter 21 says of streams: memory, Old Faithful by blocks, one pass, laws, drift, bugs."""

from __future__ import annotations

from functools import cache
from itertools import islice, repeat

import build
import nbformat
import numpy as np
import pytest
import streams
from streams import FAR, GEYSER, START, STEPS, TRUTH, gaussians, mean_sums, off, online_em

from em_core import Chunks, GaussianMixture, em_steps, fit
from em_core.em import lower_bound

NOTEBOOK = nbformat.read(build.ROOT / "book/21_streams.ipynb", as_version=4)
X = streams.waits()
BLOCKS = streams.shuffled(X, 30, 8, np.random.default_rng(21))
ONE, SLOWER, CONSTANT = STEPS


def em(x, start, iterations):
    return list(online_em(repeat(x, iterations), start, lambda t: 1, wait=0))


@cache
def geyser():
    """Where EM ends, its standard errors, and thirty passes with each step size."""
    end = em(X, FAR, 44)[-1]
    runs = {name: list(online_em(BLOCKS, FAR, step)) for name, step in STEPS.items()}
    return end, streams.standard_errors_of(X, end), runs


@cache
def stream():
    """The drawn rows, EM's sixty iterations, the standard errors, and one pass each."""
    x = streams.drawn(20_000, np.random.default_rng(21))
    whole = em(x, START, 60)
    once = {name: list(online_em(x.reshape(-1, 10), START, step)) for name, step in STEPS.items()}
    return x, whole, streams.standard_errors_of(x, whole[-1]), once


def weights(steps):
    later = np.append(1 - steps[1:], 1)
    return steps * np.cumprod(later[::-1])[::-1]


# --- averages -------------------------------------------------------------------------------------


def test_a_running_average_has_the_weights_of_the_formula():
    y = np.random.default_rng(0).standard_normal(30)
    for step in STEPS.values():
        kept = 0.0
        for t, value in enumerate(y, start=1):
            kept += step(t) * (value - kept)
        shares = weights(np.array([step(t) for t in range(1, 31)]))
        assert kept == pytest.approx(shares @ y)
        assert shares.sum() == pytest.approx(1)


def test_what_a_thousand_numbers_are_worth():
    steps = {name: np.array([step(t) for t in range(1, 1001)]) for name, step in STEPS.items()}
    worth = {name: 1 / (weights(one) ** 2).sum() for name, one in steps.items()}
    assert worth == pytest.approx({ONE: 1000, SLOWER: 123, CONSTANT: 39}, abs=0.5)
    assert worth[CONSTANT] == pytest.approx((2 - 0.05) / 0.05, rel=0.01)
    assert weights(steps[CONSTANT])[:900].sum() < 0.01  # "as good as gone"


def test_a_constant_step_has_its_variance_and_its_lag():
    gamma, c = 0.05, 0.3
    assert (weights(np.r_[1, np.full(999, gamma)]) ** 2).sum() == pytest.approx(gamma / (2 - gamma))
    kept = 0.0
    for t in range(1000):
        kept += gamma * (c * t - kept)
    assert c * 999 - kept == pytest.approx(c * (1 - gamma) / gamma)
    sizes = np.geomspace(1e-3, 1, 5000)
    best = [sizes[np.argmin(c**2 / sizes**2 + sizes / 2)] for c in (0.001, 0.008)]
    assert best == pytest.approx([(2 * c) ** (2 / 3) for c in (0.001, 0.008)], rel=0.01)
    assert best[1] / best[0] == pytest.approx(4, rel=0.01)


def test_the_average_of_the_path_is_that_of_the_data_but_for_its_ends():
    y, gamma = np.random.default_rng(1).standard_normal(50), 0.2
    path = [0.7]
    for value in y:
        path.append(path[-1] + gamma * (value - path[-1]))
    assert np.mean(path[:-1]) == pytest.approx(y.mean() - (path[-1] - path[0]) / (gamma * 50))


# --- Old Faithful ---------------------------------------------------------------------------------


def test_with_all_rows_and_step_one_it_is_em():
    states = islice(em_steps(GaussianMixture(), X[:, None], gaussians(FAR)), 1, 8)
    for state, (w, means, variances) in zip(states, em(X, FAR, 7), strict=True):
        np.testing.assert_allclose(state.params.weights, w, rtol=1e-11)
        np.testing.assert_allclose(state.params.means[:, 0], means, rtol=1e-11)
        np.testing.assert_allclose(state.params.covariances[:, 0, 0], variances, rtol=1e-9)
    found = fit(GaussianMixture(), X[:, None], gaussians(FAR), tol=1e-12)
    w, means, variances = geyser()[0]
    assert len(X) == 272 == 34 * 8
    np.testing.assert_allclose(found.params.means[:, 0], means, rtol=1e-7)
    np.testing.assert_allclose(np.sqrt(variances), 5.87, atol=0.005)


def test_the_print_of_the_two_deviations_stopped_early():
    w, means, variances = geyser()[0]
    printed = [[0.3608868, 0.6391132], [54.61489, 80.09109], [5.871241, 5.867718]]
    np.testing.assert_allclose(printed, [w, means, np.sqrt(variances)], rtol=5e-6)
    assert f"{means[0]:.5f}" != "54.61489"


def test_the_best_step_for_averages_is_the_slowest_here():
    end, errors, runs = geyser()
    away = {n: off(run, end, errors)[[33, 101, 339, 1019]] for n, run in runs.items()}
    assert (away[ONE] > away[SLOWER]).all()
    assert (away[ONE] > away[CONSTANT]).all()
    assert away[SLOWER][1] < 1 < away[CONSTANT][1]  # the first to be within one
    assert away[ONE][3] == pytest.approx(4, abs=0.1)
    assert abs(away[CONSTANT][3] - away[CONSTANT][2]) < 0.1  # it grows no calmer
    low = {name: np.array(run)[:340, 1, 0] for name, run in runs.items()}
    assert low[ONE][-1] == pytest.approx(59, abs=0.5)
    assert abs(low[SLOWER][100:] - end[1][0]).max() < 1.5  # "after some 800 rows"
    assert abs(low[CONSTANT][102] - end[1][0]) > 2


def test_a_row_pulls_a_mean_as_the_formula_says():
    sums = mean_sums(X[:40], *FAR)
    row = mean_sums(X[40:41], *FAR)
    before, after = (streams.m_step(s)[1] for s in (sums, sums + 0.1 * (row - sums)))
    a, r = sums[:, 0], row[:, 0]
    pulled = 0.1 * r * (X[40] - before) / (a + 0.1 * (r - a))
    np.testing.assert_allclose(after - before, pulled, rtol=1e-9)
    assert (
        22.8 / 0.44 - 50 == pytest.approx(0.1 * 0.8 * 10 / 0.44) == pytest.approx(1.818, abs=5e-4)
    )


# --- one pass -------------------------------------------------------------------------------------


def test_one_over_t_forgets_a_start_with_the_power_that_was_predicted():
    _, whole, errors, once = stream()
    moves = np.linalg.norm(np.diff(np.array(whole)[38:41, 1], axis=0), axis=1)
    rho = moves[1] / moves[0]
    assert rho == pytest.approx(0.86, abs=0.005)
    away = off(once[ONE], whole[-1], errors)
    assert 20 ** -(1 - rho) == pytest.approx(0.65, abs=0.005)
    assert away[1999] / away[99] == pytest.approx(0.62, abs=0.005)
    assert away[1999] > 10


def test_em_needs_twenty_three_passes_where_one_is_little_farther():
    _, whole, errors, once = stream()
    end = whole[-1]
    passes = off(whole, end, errors)
    assert int(np.argmax(passes < 1)) == 22
    assert all(off(run[19], end, errors) < 1.15 * passes[0] for run in once.values())
    assert min(off(run[19], end, errors) for run in once.values()) < passes[0]
    assert passes[0] == pytest.approx(30, abs=1)
    truth = {"EM": off(end, TRUTH, errors)}
    truth |= {n: off(np.mean(once[n][1000:], axis=0), TRUTH, errors) for n in (SLOWER, CONSTANT)}
    assert truth["EM"] == pytest.approx(0.9, abs=0.1)
    assert max(truth.values()) < 1.25
    last = {n: off(once[n][-1], end, errors) for n in (SLOWER, CONSTANT)}
    assert last == pytest.approx({SLOWER: 1.1, CONSTANT: 4.9}, abs=0.05)
    half = {n: off(np.mean(once[n][1000:], axis=0), end, errors) for n in last}
    assert half == pytest.approx({SLOWER: 0.8, CONSTANT: 0.5}, abs=0.05)
    late = off(once[CONSTANT][500:], end, errors)
    assert 2 < np.quantile(late, 0.05) < np.median(late) < 6  # "several standard errors"
    assert 6 < np.quantile(late, 0.95) < 8  # "mostly between two and eight"


def test_rows_on_disk_are_read_eighty_times_or_once(tmp_path):
    x, whole, _, once = stream()
    np.save(tmp_path / "x.npy", x[:, None])
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r")
    pieces = Chunks.of(on_disk, rows=4000)
    found = fit(GaussianMixture(), pieces, gaussians(START), progress=False)
    assert found.iterations == 80
    np.testing.assert_allclose(found.params.means[:, 0], whole[-1][1], atol=1e-3)
    passed = list(online_em(on_disk.reshape(-1, 10)[:50], START, STEPS[SLOWER]))
    np.testing.assert_allclose(passed[-1][1], once[SLOWER][49][1], rtol=1e-12)


def test_large_blocks_leave_too_few_steps():
    x, whole, errors, _ = stream()
    paths = {b: list(online_em(x.reshape(-1, b), START, STEPS[SLOWER])) for b in (40, 200, 1000)}
    away = {b: off(path[-1], whole[-1], errors) for b, path in paths.items()}
    assert away[40] < 2 < 5 < away[200] < 20 < away[1000]
    assert len(paths[1000]) == 20


# --- laws -----------------------------------------------------------------------------------------


def test_the_log_likelihood_falls_again_and_again():
    _, _, runs = geyser()
    fell = {}
    for name, run in runs.items():
        steps = np.diff(streams.log_likelihoods(X, run[5:102]))
        fell[name] = int((steps < -1e-9).sum())
    assert fell == {ONE: 13, SLOWER: 34, CONSTANT: 19}  # "in a third of the steps", of 96
    assert len(steps) == 96
    assert (np.diff(streams.log_likelihoods(X, em(X, FAR, 20))) > 0).all()


def test_incremental_em_raises_the_bound_and_does_in_a_pass_nearly_as_much_as_em_in_two():
    blocks = BLOCKS[:34]
    rows = blocks.ravel()
    model = GaussianMixture()

    def posterior(block, params):
        joint = np.exp(model.log_joint(block[:, None], gaussians(params)))
        return joint / joint.sum(axis=1, keepdims=True)

    shares = [posterior(block, FAR) for block in blocks]
    params = streams.m_step(mean_sums(rows, *FAR))
    bounds = []
    run = list(streams.incremental_em(blocks, FAR, passes=5))
    for c, after in enumerate(run[:34]):
        shares[c] = posterior(blocks[c], FAR if c == 0 else params)
        params = after
        bounds.append(lower_bound(model, rows[:, None], gaussians(params), np.vstack(shares)))
    assert (np.diff(bounds) > 0).all()
    values = streams.log_likelihoods(X, run)
    assert (np.diff(values) > 0).all()
    apart = (FAR[0], np.array([50.0, 90.0]), FAR[2])
    steps = np.diff(streams.log_likelihoods(X, list(streams.incremental_em(blocks, apart, 5))))
    assert (steps < -1e-9).sum() == 1  # "from a start at 50 and 90"
    top = fit(model, X[:, None], gaussians(FAR), tol=1e-12).log_likelihood
    below, of_em = top - values[33::34], top - streams.log_likelihoods(X, em(X, FAR, 11))
    assert (below < of_em[1:6]).all()
    assert of_em[10] < below[4] < of_em[8]  # six passes do nearly as much as ten or eleven


# --- drift, patience, bugs ------------------------------------------------------------------------


def test_a_constant_step_follows_a_drift_and_an_average_does_not():
    where = streams.drifting(20_000)
    x = streams.drawn(20_000, np.random.default_rng(2), (GEYSER[0], where, GEYSER[2]))
    seen = {
        name: np.array([p[1][1] for p in online_em(x.reshape(-1, 10), GEYSER, step)])
        for name, step in STEPS.items()
    }
    truth = where[9::10, 1]
    assert (where[[0, 6000, 14_000, -1], 1] == [80, 80, 70, 70]).all()
    assert seen[ONE][-1] == pytest.approx(76, abs=0.5)
    middle = slice(800, 1300)
    lag = {name: (one - truth)[middle].mean() for name, one in seen.items()}
    assert 0 < lag[CONSTANT] < lag[SLOWER] < lag[ONE]
    wobble = {name: np.std(one[400:660]) for name, one in seen.items()}
    assert wobble[ONE] < wobble[SLOWER] < wobble[CONSTANT]


def test_a_hundredth_of_an_error_of_rate_nine_tenths():
    steps = np.log(100) / (1 - 0.9)
    assert steps == pytest.approx(46, abs=0.1)
    assert np.exp(steps) == pytest.approx(1e20, rel=0.01)
    assert (0.4 * steps) ** 2.5 == pytest.approx(1460, abs=10)
    assert steps / 0.05 == pytest.approx(920, abs=2)
    shrunk = 1000**-0.01
    assert shrunk == pytest.approx(0.93, abs=0.005)
    assert np.sqrt(1000) == pytest.approx(32, abs=0.5)


def test_averaged_parameters_depend_on_the_size_of_the_blocks():
    (source,) = (c.source for c in NOTEBOOK.cells if "def averaged_params" in c.source)
    scope = dict(vars(streams))
    exec(source, scope)
    deviations = {}
    for b in (8, 136):
        dealt = streams.shuffled(X, 30, b, np.random.default_rng(3))
        for way in (scope["averaged_params"], online_em):
            run = list(way(dealt, GEYSER, STEPS[SLOWER]))
            variances = np.mean(run[len(run) // 2 :], axis=0)[2]
            deviations[way.__name__, b] = np.sqrt(variances).mean()
    assert deviations["averaged_params", 8] < 5.2
    assert deviations["averaged_params", 136] > 5.8
    assert deviations["online_em", 8] == pytest.approx(5.87, abs=0.02)
    assert deviations["online_em", 136] == pytest.approx(5.87, abs=0.1)


def test_the_widget_shows_what_is_told_of_it():
    means, aims = streams.watched()
    runs = means["Old Faithful"]
    early = np.array([run[2] for run in runs.values()])
    assert np.ptp(early, axis=0).max() < 1  # "nearly the same after twenty rows"
    end = np.array([run[80, 0] for run in runs.values()]) - aims["Old Faithful"][0]
    assert 4.5 < end[0] < 5
    assert max(abs(end[1:])) < 2
    drift = {name: run[80, 1] - 70 for name, run in means["the second mean drifts"].items()}
    assert drift["0.2"] < drift["t^−0.6"] < drift["1/t"]
    assert (2 - 0.2) / 0.2 < 9.1
