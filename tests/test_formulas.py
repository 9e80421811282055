"""Each derived formula against an oracle: sympy, scipy's densities, or a numerical optimum."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import approx_fprime, minimize
from scipy.special import softmax
from scipy.stats import binom, multivariate_normal

from em_core import (
    CoinMixture,
    CoinParams,
    GaussianMixture,
    GaussianParams,
    em_steps,
    lower_bound,
)
from em_core.tables import bound_slice, coin_slice, coin_step_in_a, log_likelihood

COINS = np.array([[5, 5], [9, 1], [8, 2], [4, 6], [7, 3]])
COIN_PARAMS = CoinParams([0.6, 0.5], [0.3, 0.7])
POINTS = np.random.default_rng(0).normal(size=(25, 2)) @ [[1.0, 0.4], [0.0, 0.7]]
GAUSSIAN_PARAMS = GaussianParams(
    [0.4, 0.6], [[-1.0, 0.2], [0.5, 0.0]], [[[1.0, 0.3], [0.3, 0.8]], [[0.6, 0.0], [0.0, 1.2]]]
)
BOTH = pytest.mark.parametrize(
    ("model", "x", "params"),
    [
        (CoinMixture(fit_weights=True), COINS, COIN_PARAMS),
        (GaussianMixture(), POINTS, GAUSSIAN_PARAMS),
    ],
    ids=["coins", "gaussians"],
)


def near(one, other, tolerance=1e-10):
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def start(model, x, params):
    return next(em_steps(model, x, params))


# --- log-joint and E-step -----------------------------------------------------------------------


def test_the_coin_log_joint_is_scipys_binomial():
    expected = np.log(COIN_PARAMS.weights) + binom.logpmf(COINS[:, :1], 10, COIN_PARAMS.theta)
    near(CoinMixture().log_joint(COINS, COIN_PARAMS), expected)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_gaussian_log_joint_is_scipys_normal(d):
    rng = np.random.default_rng(d)
    roots = rng.normal(size=(3, d, d))
    params = GaussianParams([0.2, 0.3, 0.5], rng.normal(size=(3, d)), roots @ roots.mT + np.eye(d))
    x = rng.normal(size=(20, d))
    expected = [
        np.log(w) + multivariate_normal(m, c).logpdf(x)
        for w, m, c in zip(params.weights, params.means, params.covariances, strict=True)
    ]
    near(GaussianMixture().log_joint(x, params), np.transpose(expected))


@BOTH
def test_the_e_step_is_bayes_rule(model, x, params):
    joint = np.exp(model.log_joint(x, params))
    state = start(model, x, params)
    near(state.responsibilities, joint / joint.sum(axis=1, keepdims=True))
    near(state.log_likelihood, np.log(joint.sum(axis=1)).sum())


@BOTH
def test_the_e_step_maximises_the_bound_over_all_distributions(model, x, params):
    state = start(model, x, params)
    shape = state.responsibilities.shape

    def loss(free):
        return -lower_bound(model, x, params, softmax(free.reshape(shape), axis=1))

    found = minimize(loss, np.zeros(shape).ravel(), method="BFGS", options={"gtol": 1e-7})
    near(-found.fun, state.log_likelihood, 1e-8)
    near(softmax(found.x.reshape(shape), axis=1), state.responsibilities, 1e-3)


# --- M-steps ------------------------------------------------------------------------------------


def test_the_coin_m_step_by_sympy():
    theta, r, s, h, t, g, u = sp.symbols("theta r s h t g u", positive=True)
    bound = r * (h * sp.log(theta) + t * sp.log(1 - theta))
    bound += s * (g * sp.log(theta) + u * sp.log(1 - theta))
    (root,) = sp.solve(sp.diff(bound, theta), theta)
    assert sp.simplify(root - (r * h + s * g) / (r * (h + t) + s * (g + u))) == 0
    assert sp.simplify(sp.diff(bound, theta, 2).subs(theta, root)).is_negative

    x, shares = np.array([[3, 1], [2, 5]]), np.array([[0.25, 0.75], [0.5, 0.5]])
    ours = CoinMixture().m_step(x, shares, COIN_PARAMS).theta[0]
    values = {r: 0.25, s: 0.5, h: 3, t: 1, g: 2, u: 5}
    near(ours, float(root.subs(values)))


def test_the_weights_by_sympy():
    a, b, multiplier = sp.symbols("a b lambda")
    n_a, n_b = sp.symbols("n_a n_b", positive=True)
    lagrangian = n_a * sp.log(a) + n_b * sp.log(b) + multiplier * (1 - a - b)
    (solution,) = sp.solve(
        [sp.diff(lagrangian, v) for v in (a, b, multiplier)], [a, b, multiplier], dict=True
    )
    assert sp.simplify(solution[a] - n_a / (n_a + n_b)) == 0
    assert sp.simplify(solution[multiplier] - (n_a + n_b)) == 0


def test_the_gaussian_m_step_by_sympy_in_one_dimension():
    mean, variance, r, s, x, y = sp.symbols("mu v r s x y", positive=True)
    bound = sum(
        share * (-sp.log(variance) / 2 - (value - mean) ** 2 / (2 * variance))
        for share, value in ((r, x), (s, y))
    )
    (solution,) = sp.solve(
        [sp.diff(bound, mean), sp.diff(bound, variance)], [mean, variance], dict=True
    )
    best = (r * x + s * y) / (r + s)
    assert sp.simplify(solution[mean] - best) == 0
    spread = (r * (x - best) ** 2 + s * (y - best) ** 2) / (r + s)
    assert sp.simplify(solution[variance] - spread) == 0


def test_the_matrix_calculus_of_the_covariance_by_sympy():
    a, b, c, p, q, s, n = sp.symbols("a b c p q s n", positive=True)
    precision, scatter = sp.Matrix([[a, b], [b, c]]), sp.Matrix([[p, q], [q, s]])
    bound = n * sp.log(precision.det()) / 2 - (precision * scatter).trace() / 2
    at_scatter = dict(zip((a, b, c), _upper((scatter / n).inv()), strict=True))
    assert all(sp.simplify(sp.diff(bound, v).subs(at_scatter)) == 0 for v in (a, b, c))


def _upper(matrix):
    return matrix[0, 0], matrix[0, 1], matrix[1, 1]


def coin_unpack(free):
    return CoinParams(1 / (1 + np.exp(-free[:2])), softmax(free[2:]))


def gaussian_unpack(free):
    roots = np.zeros((2, 2, 2))
    roots[:, *np.tril_indices(2)] = free[6:].reshape(2, 3)
    return GaussianParams(softmax(free[:2]), free[2:6].reshape(2, 2), roots @ roots.mT)


def gaussian_pack(params):
    roots = np.linalg.cholesky(params.covariances)[:, *np.tril_indices(2)]
    return np.concatenate([np.log(params.weights), params.means.ravel(), roots.ravel()])


@pytest.mark.parametrize(
    ("model", "x", "params", "unpack", "free"),
    [
        (CoinMixture(fit_weights=True), COINS, COIN_PARAMS, coin_unpack, np.zeros(4)),
        (
            GaussianMixture(),
            POINTS,
            GAUSSIAN_PARAMS,
            gaussian_unpack,
            gaussian_pack(GAUSSIAN_PARAMS),
        ),
    ],
    ids=["coins", "gaussians"],
)
def test_no_optimiser_beats_the_m_step(model, x, params, unpack, free):
    r = start(model, x, params).responsibilities
    ours = lower_bound(model, x, model.m_step(x, r, params), r)
    found = minimize(lambda v: -lower_bound(model, x, unpack(v), r), free, method="BFGS")
    assert -found.fun <= ours + 1e-9
    near(-found.fun, ours, 1e-6)


def test_no_optimiser_beats_the_m_step_with_fixed_weights():
    model = CoinMixture()
    r = start(model, COINS, COIN_PARAMS).responsibilities
    ours = model.m_step(COINS, r, COIN_PARAMS)
    found = minimize(
        lambda theta: -lower_bound(model, COINS, CoinParams(theta, COIN_PARAMS.weights), r),
        [0.5, 0.5],
        bounds=[(0.01, 0.99)] * 2,
    )
    near(found.x, ours.theta, 1e-4)
    assert (ours.weights == COIN_PARAMS.weights).all()


def test_no_optimiser_beats_the_m_step_with_a_shared_covariance():
    model = GaussianMixture(covariance="shared")
    r = start(GaussianMixture(), POINTS, GAUSSIAN_PARAMS).responsibilities
    ours = model.m_step(POINTS, r, GAUSSIAN_PARAMS)

    def bound(free):
        root = np.zeros((2, 2))
        root[np.tril_indices(2)] = free
        shared = GaussianParams(ours.weights, ours.means, [root @ root.T] * 2)
        return lower_bound(model, POINTS, shared, r)

    found = minimize(lambda v: -bound(v), [1.0, 0.1, 1.0], method="BFGS")
    near(-found.fun, lower_bound(model, POINTS, ours, r), 1e-8)


# --- the bound ----------------------------------------------------------------------------------


@BOTH
def test_the_bound_is_its_formula(model, x, params):
    r = np.random.default_rng(0).dirichlet([1, 1], size=len(x))
    log_joint = model.log_joint(x, params)
    naive = sum(
        r[i, j] * (log_joint[i, j] - np.log(r[i, j])) for i in range(len(x)) for j in range(2)
    )
    near(lower_bound(model, x, params, r), naive)


@BOTH
def test_log_likelihood_is_bound_plus_divergence(model, x, params):
    r = np.random.default_rng(1).dirichlet([1, 1], size=len(x))
    state = start(model, x, params)
    divergence = (r * np.log(r / state.responsibilities)).sum()
    near(lower_bound(model, x, params, r) + divergence, state.log_likelihood)


def test_sure_responsibilities_have_no_entropy():
    r = np.eye(2)[[0, 1, 1, 0, 1]]
    chosen = CoinMixture().log_joint(COINS, COIN_PARAMS)[r == 1]
    near(lower_bound(CoinMixture(), COINS, COIN_PARAMS, r), chosen.sum())


def test_the_bound_is_minus_infinity_where_the_model_says_never():
    impossible = CoinParams([0.0, 0.5], [0.5, 0.5])
    half = np.full((5, 2), 0.5)
    assert lower_bound(CoinMixture(), COINS, impossible, half) == -np.inf
    sure = np.tile([0.0, 1.0], (5, 1))
    assert np.isfinite(lower_bound(CoinMixture(), COINS, impossible, sure))


@pytest.mark.parametrize(
    ("model", "x", "unpack", "free"),
    [
        (CoinMixture(fit_weights=True), COINS, coin_unpack, np.array([0.3, -0.2, 0.0, 0.5])),
        (GaussianMixture(), POINTS, gaussian_unpack, gaussian_pack(GAUSSIAN_PARAMS)),
    ],
    ids=["coins", "gaussians"],
)
def test_bound_and_log_likelihood_have_equal_gradients_at_contact(model, x, unpack, free):
    r = start(model, x, unpack(free)).responsibilities
    of_bound = approx_fprime(free, lambda v: lower_bound(model, x, unpack(v), r), 1e-6)
    of_likelihood = approx_fprime(free, lambda v: log_likelihood(model, x, unpack(v)), 1e-6)
    assert abs(of_bound).max() > 0.1
    near(of_bound, of_likelihood, 2e-3)


# --- the bound figure ---------------------------------------------------------------------------

GRID = np.linspace(0.02, 0.98, 193)
THETA_B = 0.52


@pytest.mark.parametrize("touch", [0.3, 0.45, 0.6, 0.8])
class TestBoundFigure:
    """The curves that the lower-bound figure draws."""

    def test_the_bound_is_never_above(self, touch):
        gap = coin_slice(COINS, GRID, THETA_B) - bound_slice(COINS, GRID, THETA_B, touch)
        assert (gap >= -1e-10).all()
        assert gap.max() > 0.5

    def test_the_curves_touch(self, touch):
        here = np.array([touch])
        near(bound_slice(COINS, here, THETA_B, touch), coin_slice(COINS, here, THETA_B))

    def test_the_slopes_are_equal_there(self, touch):
        ends = touch + np.array([-1e-5, 1e-5])
        slopes = [
            np.diff(curve)[0] / np.diff(ends)[0]
            for curve in (
                bound_slice(COINS, ends, THETA_B, touch),
                coin_slice(COINS, ends, THETA_B),
            )
        ]
        near(slopes[0], slopes[1], 1e-5)

    def test_the_step_leads_to_the_top(self, touch):
        top = coin_step_in_a(COINS, touch, THETA_B)
        around = np.array([top - 1e-4, top, top + 1e-4])
        assert bound_slice(COINS, around, THETA_B, touch).argmax() == 1
        best = GRID[bound_slice(COINS, GRID, THETA_B, touch).argmax()]
        assert abs(best - top) <= np.diff(GRID)[0]


def test_the_step_in_a_is_the_whole_m_steps():
    params = CoinParams([0.6, 0.5], [0.5, 0.5])
    r = start(CoinMixture(), COINS, params).responsibilities
    whole = CoinMixture().m_step(COINS, r, params)
    assert coin_step_in_a(COINS, 0.6, 0.5) == whole.theta[0]
