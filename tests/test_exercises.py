"""The exercises' checks: the wrong answers that learners give, each told by its name; the laws.

That the printed solutions are right is tested in test_solutions.py.
"""

from __future__ import annotations

import re
import warnings
from functools import partial

import numpy as np
import pytest
from scipy.special import entr, logsumexp, xlogy
from scipy.stats import multivariate_normal, norm

from em_core import EMState, GaussianMixture, GaussianParams
from em_core.em import e_step
from em_core.exercises import check, laws
from em_core.exercises.tasks import (
    chains,
    coins,
    exponentials,
    gaussians,
    general,
    holes,
    information,
    lines,
    priors,
    rows,
    starts,
    streams,
)
from em_core.exercises.verdict import NOT_STARTED, Task, results, same

pytestmark = pytest.mark.shared_out


CHECKS = {
    name: f for name, f in vars(check).items() if getattr(f, "__module__", "") == check.__name__
}
TASKS = {
    name: task
    for module in (
        chains,
        coins,
        exponentials,
        gaussians,
        general,
        holes,
        information,
        lines,
        priors,
        rows,
        starts,
        streams,
    )
    for name, task in vars(module).items()
    if isinstance(task, Task)
}


def test_each_check_has_its_task():
    assert {name.lower() for name in TASKS} == set(CHECKS)


# --- answers that no check takes ----------------------------------------------------------------


def stub(x, r):
    """What is wanted."""
    ...


def with_dots(x, r):
    theta = ...
    return theta, ...


@pytest.mark.parametrize("answer", [None, ..., stub, with_dots, lambda x, r: ...])
def test_what_was_not_started_is_told_so(answer):
    assert check.coin_m_step(answer) == NOT_STARTED


def stops(x, r):
    theta = x[:, 0] / x[:, 1]
    return theta, missing  # noqa: F821


def leaves(x, r):
    raise SystemExit("enough")


def spoils(x, r):
    x[:, 0] = 0
    return x[0], x[0]


def forgets_to_return(x, r):
    r.sum(axis=0)


class Hostile:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("not today")


class WordlessError(Exception):
    def __str__(self):
        raise SystemExit


class Leaving(BaseException):
    """What is no `Exception`, such as asyncio's `CancelledError`."""


class Secretive:
    def __getattr__(self, name):
        raise Leaving

    def __call__(self, *arguments):
        raise WordlessError


class Agreeable:
    """Has every attribute, a mock for instance."""

    def __getattr__(self, name):
        return 7

    def __call__(self, *arguments):
        return 7


class Classless:
    @property
    def __class__(self):
        raise Leaving

    def __array__(self, dtype=None, copy=None):
        raise Leaving


def ends_midway(*arguments):
    yield 1.0
    raise Leaving


def raises(error):
    raise error


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (7, "A function is wanted here, and this is an int."),
        (lambda x, r: map(int, ["a", "b"]), "It stopped with `ValueError: invalid"),
        (3.5, "A function is wanted here, and this is a float."),
        (stops, "`NameError: name 'missing' is not defined` at its line 3, `return theta, missing"),
        (leaves, "It stopped with `SystemExit: enough` at its line 2"),
        (lambda x: x, "when it was called with `(x, r)`"),
        (spoils, "It changes its argument `x`. Work on a copy."),
        (forgets_to_return, "It returns nothing: is there a `return`?"),
        (lambda x, r: r.sum(axis=0), "It should return 2 things: θ, the weights."),
        (lambda x, r: ("A", "B"), "θ should be numbers; this is a str that isn't."),
        (lambda x, r: (Hostile(), Hostile()), "θ should be numbers; this is a Hostile that isn't."),
        (lambda x, r: (r, r), "Wrong shape: θ should be one number for each coin. Yours has shape"),
        (lambda x, r: ([np.nan] * r.shape[1],) * 2, "θ holds NaN"),
        (lambda x, r: ([np.inf] * r.shape[1],) * 2, "θ holds infinity"),
        (lambda x, r: (np.full(r.shape[1], 0.5),) * 2, "The shape fits, the values don't"),
        (partial(forgets_to_return, r=np.eye(2)), "when it was called with `(x, r)`"),
    ],
)
def test_an_answer_that_cannot_be_compared_is_told_why(answer, told, capfd):
    verdict = check.coin_m_step(answer)
    assert verdict.headline == "Not right yet"
    assert told in verdict.words
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "answer",
    [
        lambda t, w: np.array([t, w])[:, np.argsort(t)],
        lambda t, w: np.stack([t, w], axis=0)[:, np.argsort(t)],
        lambda t, w: zip(*sorted(zip(t, w, strict=True)), strict=True),
        lambda t, w: [t[np.argsort(t)], w[np.argsort(t)]],
    ],
    ids=["array", "stack", "zip", "list"],
)
def test_what_unpacks_into_the_right_things_is_right(answer):
    assert check.ordered(answer).right


@pytest.mark.parametrize("name", ["E_STEP", "MERGED"])
def test_an_array_of_objects_holds_several_things(name):
    oracle = TASKS[name].oracle
    assert CHECKS[name.lower()](lambda *a: np.array(oracle(*a), dtype=object)).right


def test_a_number_in_quotes_is_no_number():
    right = gaussians.BIC.oracle
    assert "this is a str that isn't" in check.bic(lambda *a: str(right(*a))).words


class Late:
    """Masked values, for whoever asks for an array."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.ma.array(self.values, mask=True)


# What numpy would make numbers of, by leaving something out.
DISGUISED = {
    "complex": (lambda part: np.asarray(part) + 5j, "complex, with an imaginary part"),
    "all masked": (lambda part: np.ma.array(part, mask=True), "an array with masked values"),
    "masked in a list": (lambda part: [np.ma.array(part, mask=True)], "that isn't"),
    "masked when asked for": (Late, "this is a Late that isn't"),
    "text": (lambda part: np.asarray(part).astype(str), "that isn't"),
    "text among objects": (lambda part: np.asarray(part).astype(str).astype(object), "isn't"),
}


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("kind", DISGUISED)
def test_no_check_takes_what_is_no_real_number_for_right(name, kind):
    task, (disguise, told) = TASKS[name.upper()], DISGUISED[kind]

    def answer(*arguments):
        result = task.oracle(*arguments)
        return disguise(result) if len(task.parts) == 1 else tuple(map(disguise, result))

    verdict = CHECKS[name](answer)
    assert not verdict.right
    assert told in verdict.words


HOSTILE = {
    "refuses its attributes": (Secretive(), "`Leaving`"),
    "has every attribute": (Agreeable(), "should return 2 things"),
    "raises what has no words": (lambda *a: raises(WordlessError()), "`WordlessError`"),
    "leaves": (lambda *a: raises(SystemExit("enough")), "`SystemExit: enough`"),
    "raises no Exception": (lambda *a: raises(Leaving()), "`Leaving`"),
    "returns what refuses": (lambda *a: Classless(), "`Leaving`"),
    "returns parts that refuse": (lambda *a: (Classless(), Classless()), "`Leaving`"),
    "ends midway": (ends_midway, "`Leaving`"),
}


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_no_check_raises(name, kind):
    verdict = CHECKS[name](HOSTILE[kind][0])
    assert verdict.headline == "Not right yet"
    assert verdict.words


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_stops_an_answer_is_told(kind):
    answer, told = HOSTILE[kind]
    assert re.search(told, check.coin_m_step(answer).words)


@pytest.mark.parametrize("kind", [kind for kind, (_, told) in HOSTILE.items() if "`" in told])
def test_a_law_tells_what_stops_its_code(kind):
    answer = HOSTILE[kind][0]
    for verdict in (laws.shift(answer, LOGS), laws.renaming(answer, LOGS, np.ones(2))):
        assert verdict.headline == "Fails"
        assert "stopped" in verdict.words


@pytest.mark.parametrize("judged", [check.e_step, lambda answer: laws.shift(answer, LOGS)])
def test_an_interrupt_is_the_learners_own(judged):
    with pytest.raises(KeyboardInterrupt):
        judged(lambda a: raises(KeyboardInterrupt()))


def test_a_part_that_is_right_is_told():
    def half_right(x, r):
        return coins.COIN_M_STEP.oracle(x, r)[0], np.full(r.shape[1], 0.123)

    assert (
        "Right in all it returns: θ; not right: the weights" in check.coin_m_step(half_right).words
    )


def test_cases_that_are_right_are_told():
    def right_in_the_plane(x, r):
        w, m, c = gaussians.GAUSSIAN_M_STEP.oracle(x, r)
        return w, m, c + (x.shape[1] == 1)

    words = check.gaussian_m_step(right_in_the_plane).words
    assert "wrong in one dimension, but right in the plane" in words


def test_a_verdict_is_shown_as_a_sentence_with_its_code_marked():
    shown = check.coin_m_step(spoils)._repr_html_()
    assert shown == (
        '<p class="em-verdict wrong"><strong>Not right yet.</strong> '
        "It changes its argument <code>x</code>. Work on a copy.</p>"
    )
    assert repr(NOT_STARTED).startswith("Not yet started. ")
    assert "em-verdict open" in NOT_STARTED._repr_html_()


def test_code_in_a_verdict_is_escaped():
    def fails(x, r):
        raise ValueError("<script>")

    assert "&lt;script&gt;" in check.coin_m_step(fails)._repr_html_()


# --- what learners really write ------------------------------------------------------------------


def kl_by_numpy(q, p):
    return np.sum(q * np.log(q / p))


def kl_of_kept(q, p):
    keep = (q > 0) & (p > 0)
    return np.sum(q[keep] * np.log(q[keep] / p[keep]))


def cross_entropy(q, p):
    return -np.sum(q * np.log(p))


def shares_of_heads(x, labels, k):
    shares = x[:, 0] / x.sum(axis=1)
    return [shares[labels == j].mean() for j in range(k)]


def likelihood_loop(x, theta, weights):
    r = np.zeros((len(x), len(theta)))
    for i, (h, t) in enumerate(x):
        for j in range(len(theta)):
            r[i, j] = theta[j] ** h * (1 - theta[j]) ** t
    return r / r.sum(axis=1, keepdims=True)


def joint_of(x, theta, weights):
    return weights * theta ** x[:, [0]] * (1 - theta) ** x[:, [1]]


def without_keepdims(x, theta, weights):
    joint = joint_of(x, theta, weights)
    return joint / joint.sum(axis=1)


def m_step_with(theta_of, weights_of):
    return lambda x, r: (theta_of(x, r), weights_of(x, r))


def theta_right(x, r):
    return (r * x[:, [0]]).sum(axis=0) / (r * x.sum(axis=1)[:, None]).sum(axis=0)


def mean_of_r(x, r):
    return r.sum(axis=0) / len(r)


def less(taken_out):
    """An E-step that takes something out of each row."""

    def answer(a):
        one = taken_out(a, axis=1, keepdims=True)
        total = np.exp(a - one).sum(axis=1, keepdims=True)
        return np.exp(a - one) / total, (one + np.log(total)).sum()

    return answer


def softmax_bare(a):
    e = np.exp(a)
    return e / e.sum(axis=1, keepdims=True)


def softmax(a):
    return softmax_bare(a - a.max(axis=1, keepdims=True))


def one_gaussian(x, r, *, residuals=None, power=1, divisor=None, weight=None):
    mean = (r[:, None] * x).sum(axis=0) / r.sum()
    y = x - mean if residuals is None else residuals(x)
    covariance = np.einsum("i,id,ie->de", r**power, y, y) / (divisor or r.sum())
    return (r.sum() / len(x) if weight is None else weight(r)), mean, covariance


def pdfs(x, means, covariances):
    return np.array(
        [multivariate_normal(m, c).pdf(x) for m, c in zip(means, covariances, strict=True)]
    ).T


def shared(joint):
    return joint / joint.sum(axis=1)[:, None]


def quadratic(x, weights, means, covariances, half=0.5, determinant=0.5):
    logs = np.empty((len(x), len(weights)))
    for j, (m, c) in enumerate(zip(means, covariances, strict=True)):
        y = x - m
        distance = (y @ np.linalg.inv(c) * y).sum(axis=1)
        logs[:, j] = np.log(weights[j]) - determinant * np.log(np.linalg.det(c)) - half * distance
    return np.exp(logs - logsumexp(logs, axis=1, keepdims=True))


def run_on_a_line(x, weights, means, variances, count, *, of=np.sqrt, keep=1, first=True):
    """EM as a learner writes it, with what he gives to `norm.pdf` and keeps of a variance."""
    values = []
    for _ in range(count + 1):
        joint = weights * norm.pdf(x[:, None], means, of(variances))
        values.append(np.log(joint.sum(axis=1)).sum())
        r = joint / joint.sum(axis=1, keepdims=True)
        totals = r.sum(axis=0)
        weights, means = totals / len(x), x @ r / totals
        variances = ((r * (x[:, None] - means) ** 2).sum(axis=0) / totals) ** keep
    return values if first else values[1:]


def hard_entropy(r):
    return -np.log(r.max(axis=1)).sum()


def three_prices(
    log_joint,
    c,
    *,
    sign=1,
    times=2,
    n=None,
    of=lambda r: entr(r).sum(),
    total=lambda a: logsumexp(a, axis=1),
):
    """AIC, BIC and ICL as a learner writes them."""
    each = total(log_joint)
    r = np.exp(log_joint - each[:, None])
    aic, bic = 2 * c - 2 * each.sum(), c * np.log(n or len(log_joint)) - 2 * each.sum()
    return sign * aic, sign * bic, sign * (bic + times * of(r))


def price(n_parameters):
    return lambda v, n, d, k: n_parameters(d, k) * np.log(n) - 2 * v


def chain_with(predict=np.matmul):
    """The forward pass, with a prediction of its own."""

    def log_likelihood(p, start, moves):
        total, expected = 0.0, start
        for row in p:
            joint = expected * row
            total += np.log(joint.sum())
            expected = predict(joint / joint.sum(), moves)
        return total

    return log_likelihood


def hole_with(
    slope=lambda c: c[0, 1] / c[0, 0], rest=lambda b, c: c[1, 1] - c[0, 1] ** 2 / c[0, 0]
):
    """What is expected in a hole and its variance, with a slope or a rest of its own."""
    return lambda m, c, x: (m[1] + slope(c) * (x - m[0]), rest(slope(c), c))


def lines_with(
    w=lambda w: w,
    front=lambda s: s,
    root=2 * np.pi,
    deviation=lambda s: s,
    height=lambda x, lines: lines[:, 0] + lines[:, 1] * x,
    half=2,
):
    """The log-joint of lines, with one thing of its own."""

    def log_joint(x, y, weights, lines, sigma):
        s = deviation(sigma)
        away = (y[:, None] - height(x[:, None], lines)) / s
        return np.log(w(weights)) - np.log(front(s)) - np.log(root) / 2 - away**2 / half

    return log_joint


def line_fits(
    share=lambda r: r,
    spread=lambda r: r,
    rows=None,
    root=np.sqrt,
    design=lambda x: np.vander(x, 2, increasing=True),
    order=slice(None),
    weights=lambda r: r.mean(axis=0),
):
    """The M-step of lines by numpy's least squares, with one thing of its own."""

    def m_step(x, y, r):
        lines, sigma = [], []
        for own in r.T:
            by = np.sqrt(share(own) * np.ones_like(own))
            found = np.linalg.lstsq(design(x) * by[:, None], y * by, rcond=None)[0]
            squares = (y - design(x) @ found) ** 2
            kept = spread(own) if np.ndim(share(own)) else np.ones_like(own)
            sigma.append(root((kept * squares).sum() / (rows(own) if rows else kept.sum())))
            lines.append(found if len(found) == 2 else [0, *found])
        return weights(r), np.array(lines)[:, order], np.array(sigma)

    return m_step


def unscaled_chain(p, start, moves):
    """Joint probabilities, and one logarithm at the end."""
    joint = start * p[0]
    for row in p[1:]:
        joint = joint @ moves * row
    with np.errstate(divide="ignore"):
        return np.log(joint.sum())


def merge_with(between, mean_of=lambda n, m, o, om: (n * m + o * om) / (n + o)):
    """Merge two chunks with a term for the distance of the means."""

    def merged(n, mean, scatter, other_n, other_mean, other_scatter):
        step = other_mean - mean
        both = mean_of(n, mean, other_n, other_mean)
        return n + other_n, both, scatter + other_scatter + between(n, other_n, step)

    return merged


def merge_raw(n, mean, scatter, other_n, other_mean, other_scatter):
    total = n + other_n
    second = scatter + n * np.outer(mean, mean)
    second = second + other_scatter + other_n * np.outer(other_mean, other_mean)
    both = (n * mean + other_n * other_mean) / total
    return total, both, second - total * np.outer(both, both)


def louis(r, slopes):
    means = np.einsum("ij,ija->ia", r, slopes)
    return np.einsum("ij,ija,ijb->ab", r, slopes, slopes) - means.T @ means


def with_prior(x, r, scatter, count):
    y = x - r @ x / r.sum()
    return ((r * y.T) @ y + scatter) / (r.sum() + count)


WRONG = {
    "divergence": [
        (kl_by_numpy, "0 log 0"),
        (lambda q, p: kl_by_numpy(p, q), "holds infinity"),
        (lambda q, p: kl_of_kept(p, q), "shape fits"),
        (kl_of_kept, "infinite"),
        (cross_entropy, "the cross-entropy"),
        (lambda q, p: -xlogy(q, p).sum(), "the cross-entropy"),
        (lambda q, p: np.log(q / p).sum(), "without a weight"),
        (lambda q, p: np.inf if 0 in p else kl_of_kept(q, p), "Not every zero of p"),
        (lambda q, p: q * np.log(q / p), "Wrong shape"),
        (
            lambda q, p: np.sum(
                [a * np.log2(a / b) if a else 0 for a, b in zip(q, p, strict=True)]
            ),
            "which logarithm",
        ),
        (
            lambda q, p: sum(a * np.log(b / a) for a, b in zip(q, p, strict=True) if a),
            "wrong sign",
        ),
    ],
    "labelled_estimates": [
        (shares_of_heads, "Right as long as all samples are equally long"),
        (
            lambda x, z, k: [x[z == j, 1].sum() / x[z == j].sum() for j in range(k)],
            "shares of tails",
        ),
        (
            lambda x, z, k: [x[z == j, 0].sum() / x[:, 0].sum() for j in range(k)],
            "all the heads",
        ),
        (lambda x, z, k: [x[z == j, 0].sum() / x.sum() for j in range(k)], "all the coins"),
        (lambda x, z, k: [x[:, 0].sum() / x.sum()] * k, "labels are not used"),
        (lambda x, z, k: [x[z == j].mean() for j in range(k)], "shape fits"),
        (
            lambda x, z, k: [x[z == j, 0].sum() / 10 / sum(z == j) for j in range(k)],
            "but right for",
        ),
        (
            lambda x, z, k: [x[z == j].sum(axis=0) / x[z == j].sum() for j in range(k)],
            "Wrong shape",
        ),
    ],
    "responsibilities": [
        (likelihood_loop, "the weights are forgotten"),
        (lambda *a: joint_of(*a) / joint_of(*a).sum(axis=0), "wrong axis"),
        (joint_of, "don't sum to one"),
        (lambda *a: joint_of(*a) / joint_of(*a).sum(), "don't sum to one"),
        (without_keepdims, "could not be broadcast"),
        (lambda *a: shared(joint_of(*a)).T, "on its side"),
        (lambda *a: np.round(shared(joint_of(*a))), "one coin altogether"),
        (lambda x, t, w: shared(joint_of(x[:, ::-1], t, w)), "changed places"),
        (lambda x, t, w: shared(w * t ** x[:, [0]]), "Only the heads"),
        (lambda *a: shared(np.log(joint_of(*a))), "Logarithms were shared out"),
        (lambda *a: shared(joint_of(*a))[:, 0], "Wrong shape"),
    ],
    "lower_bound": [
        (lambda a, q: np.sum(q * a), "expected log-joint, Q"),
        (lambda a, q: np.where(q > 0, q * a, 0).sum(), "expected log-joint, Q"),
        (lambda a, q: np.sum(a[q > 0] * q[q > 0]) + xlogy(q, q).sum(), "wrong sign"),
        (lambda a, q: np.sum(q * a) - xlogy(q, q).sum(), "have made a row"),
        (lambda a, q: np.sum(q * (a - np.log(q))), "0 log 0"),
        (lambda a, q: np.sum(q * a) + np.sum(q * np.log(q + 1e-300)), "wrong sign"),
        (lambda a, q: logsumexp(a, axis=1).sum(), "q has no influence"),
        (lambda a, q: np.sum(q * np.exp(a)), "shape fits"),
        (lambda a, q: np.sum(q * a, axis=1), "Wrong shape"),
        (lambda a, q: np.log(np.sum(q * np.exp(a), axis=1)).sum(), "shape fits"),
    ],
    "coin_m_step": [
        (
            m_step_with(
                lambda x, r: (
                    (r * (x[:, [0]] / x.sum(axis=1, keepdims=True))).sum(axis=0) / r.sum(axis=0)
                ),
                mean_of_r,
            ),
            "averages shares",
        ),
        (m_step_with(lambda x, r: r.T @ x[:, 0] / r.sum(axis=0), mean_of_r), "Of what should"),
        (m_step_with(theta_right, lambda x, r: [1 / r.shape[1]] * r.shape[1]), "forgotten"),
        (m_step_with(theta_right, lambda x, r: r.sum(axis=0)), "don't sum to one"),
        (
            m_step_with(theta_right, lambda x, r: r.T @ x.sum(axis=1) / x.sum()),
            "weights count tosses",
        ),
        (m_step_with(lambda x, r: 1 - theta_right(x, r), mean_of_r), "share of tails"),
        (m_step_with(theta_right, lambda x, r: r.mean(axis=1)), "Wrong shape: the weights"),
        (lambda x, r: theta_right(x, r), "It should return 2 things"),
        (m_step_with(lambda x, r: (r.T @ x).T / (r.T @ x).sum(), mean_of_r), "Wrong shape: θ"),
        (m_step_with(lambda x, r: r.T @ x[:, 0] / x.sum(), mean_of_r), "Below the line"),
    ],
    "e_step": [
        (lambda a: (softmax_bare(a), np.log(np.exp(a).sum(axis=1)).sum()), "right for few tosses"),
        (lambda a: (softmax_bare(a - a.max()), logsumexp(a)), "NaN"),
        (
            lambda a: (
                softmax_bare(a - a.max()),
                (a.max() + np.log(np.exp(a - a.max()).sum(axis=1))).sum(),
            ),
            "One maximum",
        ),
        (
            lambda a: (softmax(a), logsumexp(a - a.max(axis=1, keepdims=True), axis=1).sum()),
            "was not put back",
        ),
        (lambda a: (softmax(a), np.sum(softmax(a) * a)), "lacks the entropy"),
        (lambda a: (softmax(a), np.log(softmax(a).sum(axis=1)).sum()), "always 0"),
        (lambda a: (softmax(a), logsumexp(a, axis=1)), "one number for each"),
        (lambda a: (softmax(a.T).T, logsumexp(a, axis=1).sum()), "don't sum to one"),
        (
            lambda a: (softmax(a).round(3), logsumexp(a, axis=1).sum()),
            "one: row 1, counted from 0, sums to 0.999",
        ),
        (less(np.min), "overflows"),
        (less(lambda a, **how: a[:, [0]]), "overflows"),
        (less(np.mean), "overflows"),
        (lambda a: (a - logsumexp(a, axis=1, keepdims=True), logsumexp(a)), "don't sum to one"),
    ],
    "ordered": [
        (lambda t, w: (np.sort(t), np.sort(w)), "each for itself"),
        (lambda t, w: (sorted(t), w), "stayed behind"),
        (lambda t, w: (np.sort(t)[::-1], w[np.argsort(t)[::-1]]), "descending"),
        (lambda t, w: (t[np.argsort(w)], w[np.argsort(w)]), "that of the weights"),
        (lambda t, w: (np.sort(t), w[np.argsort(np.argsort(t))]), "a rank is not an index"),
        (
            lambda t, w: (np.argsort(t), w[np.argsort(t)]),
            "returns: the weights; not right: θ",
        ),
        (lambda t, w: sorted(zip(t, w, strict=True)), "It should return 2 things"),
        (lambda t, w: np.append(t, w), "It should return 2 things"),
        (lambda t, w: t.sort(), "changes its argument"),
    ],
    "gaussian_m_step": [
        (partial(one_gaussian, power=2), "squared"),
        (partial(one_gaussian, residuals=lambda x: x - x.mean(axis=0)), "mean of all the data"),
        (partial(one_gaussian, residuals=lambda x: x), "no mean was taken away"),
        (partial(one_gaussian, divisor=6), "number of all points"),
        (partial(one_gaussian, power=0, divisor=6), "all points count alike"),
        (partial(one_gaussian, weight=np.sum), "still a sum"),
        (
            lambda x, r: (*one_gaussian(x, r)[:2], np.cov(x.T, aweights=r)),
            "Wrong shape: the covariance",
        ),
        (lambda x, r: (*one_gaussian(x, r)[:2], one_gaussian(x, r)[2].diagonal()), "Wrong shape"),
        (lambda x, r: one_gaussian(x, r, divisor=r.sum() - 1), "no such correction"),
        (lambda x, r: (r.mean(), x.mean(axis=0), np.eye(x.shape[1])), "shape fits"),
    ],
    "gaussian_means": [
        (lambda x, r: r.T @ x / len(x), "Still divided by the number of all points"),
        (lambda x, r: np.einsum("ij,id->jd", r, x), "sums of shares"),
        (lambda x, r: r.T @ x / r.shape[1], "number of components"),
        (lambda x, r: [x[r.argmax(axis=1) == j].mean(axis=0) for j in range(r.shape[1])], "hard"),
        (lambda x, r: r.T @ x / (r > 1 / 3).sum(axis=0)[:, None], "shape fits"),
        (lambda x, r: (r.T @ x).T / r.sum(axis=0), "Wrong shape"),
        (lambda x, r: r.T @ x / r.sum(axis=0), "shape|broadcast"),
        (lambda x, r: np.tile(x.mean(axis=0), (r.shape[1], 1)), "are not used"),
        (lambda x, r: np.average(x, axis=0, weights=r[:, 0]), "Wrong shape"),
    ],
    "gaussian_run": [
        (partial(run_on_a_line, of=np.asarray), "as long as each variance is 1"),
        (partial(run_on_a_line, of=np.asarray, keep=0.5), "variances to begin with"),
        (partial(run_on_a_line, keep=0.5), "taken twice"),
        (partial(run_on_a_line, of=np.square), "gets its square"),
        (partial(run_on_a_line, first=False), "Wrong shape"),
        (lambda *a: run_on_a_line(*a)[-1], "Wrong shape"),
        (lambda *a: np.negative(run_on_a_line(*a)), "shape fits"),
    ],
    "gaussian_e_step": [
        (lambda x, w, m, c: shared(w * pdfs(x, m, c)), "near by"),
        (lambda x, w, m, c: shared(pdfs(x, m, c)), "forgotten, and far away"),
        (
            lambda x, w, m, c: quadratic(x, np.ones(len(w)), m, c),
            "The weights are forgotten: it is right where",
        ),
        (partial(quadratic, determinant=0), "determinant is missing"),
        (partial(quadratic, half=1), "factor ½"),
        (partial(quadratic, determinant=1), "counts twice"),
        (lambda x, w, m, c: w * pdfs(x, m, c), "don't sum to one"),
        (
            lambda x, w, m, c: w * pdfs(x, m, c) / (w * pdfs(x, m, c)).sum(axis=0),
            "wrong axis",
        ),
        (lambda x, w, m, c: shared(w * pdfs(x, m, c)).T, "Wrong shape"),
        (lambda x, w, m, c: quadratic(x, w, m, c * np.eye(2)), "Only the diagonals"),
    ],
    "bic": [
        (price(lambda d, k: k + k * d + k * d * (d + 1) / 2), "weights sum to one"),
        (price(lambda d, k: k - 1 + k * d + k * d * d), "symmetric"),
        (price(lambda d, k: k - 1 + k * d + k * d), "more than its variances"),
        (price(lambda d, k: k * d + k * d * (d + 1) / 2), "weights are not counted"),
        (price(lambda d, k: k), "shape fits"),
        (lambda v, n, d, k: -price(lambda d, k: -6 * k)(v, n, d, k), "shape fits"),
        (
            lambda v, n, d, k: price(lambda d, k: k - 1 + k * d + k * d * (d + 1) // 2)(
                -v, n, d, k
            ),
            "wrong sign",
        ),
        (lambda v, n, d, k: 2 * (k - 1 + k * d + k * d * (d + 1) // 2) - 2 * v, "AIC"),
    ],
    "criteria": [
        (lambda a, c: three_prices(a, c, sign=-1), "mclust's"),
        (lambda a, c: three_prices(a, c, times=-2), "larger than BIC"),
        (lambda a, c: three_prices(a, c, times=1), "entropy counts twice"),
        (lambda a, c: three_prices(a, c, n=a.size), "not of all entries"),
        (lambda a, c: three_prices(a, c, of=hard_entropy), "likeliest label"),
        (lambda a, c: three_prices(a, c, of=lambda r: -(r * np.log(r)).sum()), "holds NaN"),
        (
            lambda a, c: three_prices(a, c, total=lambda a: np.log(np.exp(a).sum(axis=1))),
            "infinity",
        ),
        (lambda a, c: three_prices(a, c)[:2], "return 3 things"),
        (lambda a, c: three_prices(a, c)[::-1], "shape fits"),
    ],
    "exponential_log_joint": [
        (lambda x, w, v: np.log(v) - v * x[:, None], "weights are forgotten"),
        (lambda x, w, v: np.log(w) - np.outer(x, v), "before the exponential"),
        (lambda x, w, v: w * v * np.exp(-np.outer(x, v)), "joint density"),
        (lambda x, w, v: np.log(w * v * np.exp(-np.outer(x, v))), "underflows"),
        (lambda x, w, v: np.log(w / v) - np.divide.outer(x, v), "taken for means"),
        (lambda x, w, v: np.log(w * v) - v * x, "could not be broadcast"),
        (lambda x, w, v: (np.log(w * v) - np.outer(x, v)).sum(axis=1), "Wrong shape"),
    ],
    "exponential_m_step": [
        (lambda x, r: (r.mean(axis=0), r.T @ x / r.sum(axis=0)), "weighted mean waits"),
        (lambda x, r: (r.mean(axis=0), r.T @ (1 / x) / r.sum(axis=0)), "average is taken of 1/x"),
        (lambda x, r: (r.mean(axis=0), len(x) / (r.T @ x)), "number of all waits"),
        (lambda x, r: (r.sum(axis=0), r.sum(axis=0) / (r.T @ x)), "don't sum to one"),
        (lambda x, r: (r.mean(axis=0), [1 / x.mean()] * r.shape[1]), "same rate"),
        (lambda x, r: (r.sum(axis=0) / (r.T @ x), r.mean(axis=0)), "changed places"),
        (lambda x, r: (r.mean(axis=1), r.sum(axis=0) / (r.T @ x)), "Wrong shape: the weights"),
    ],
    "errors_from_information": [
        (lambda i: 1 / np.sqrt(np.diag(i)), "if all the others were known"),
        (lambda i: np.linalg.inv(i).diagonal(), "These are variances"),
        (np.linalg.inv, "whole covariance|Wrong shape"),
        (lambda i: np.sqrt(np.linalg.inv(i)), "Wrong shape|NaN"),
        (lambda i: np.diag(i) ** 0.5, "information itself"),
        (lambda i: np.sqrt(np.diag(np.linalg.inv(i)) / len(i)), "Right|values"),
    ],
    "missing_information": [
        (lambda r, s: np.einsum("ij,ija,ijb->ab", r, s, s), "not taken off"),
        (lambda r, s: louis(r, s) / len(r), "mean over the rows"),
        (lambda r, s: -louis(r, s), "sign is wrong"),
        (lambda r, s: np.diag(louis(r, s)), "Wrong shape"),
        (lambda r, s: louis(r, s) * np.eye(s.shape[2]), "variances alone"),
        (lambda r, s: louis(np.full(r.shape, 1 / r.shape[1]), s), "equal weights"),
        (lambda r, s: np.cov(s.reshape(-1, s.shape[2]).T), "Right|values"),
    ],
    "leap": [
        (lambda a, b, c: c + (c - b) ** 2 / (b - a or 1), "one step further"),
        (lambda a, b, c: c + (c - b) ** 2 / (c - 2 * b + a or 1), "wrong sign"),
        (lambda a, b, c: c - (c - b) * (b - a) / (c - 2 * b + a or 1), "once too often"),
        (lambda a, b, c: b - (c - b) ** 2 / (c - 2 * b + a or 1), "from the second"),
        (lambda a, b, c: a - (b - a) ** 2 / (c - 2 * b + a), "ZeroDivisionError|division"),
        (lambda a, b, c: c, "where the run is"),
        (lambda a, b, c: -((c - b) ** 2) / (c - 2 * b + a or 1), "still to come"),
    ],
    "starts_needed": [
        (lambda p, risk: np.log(risk) / np.log(1 - p), "whole number"),
        (lambda p, risk: int(np.log(risk) / np.log(1 - p)), "rounded down"),
        (lambda p, risk: 1 + int(np.log10(1 / risk) / p / np.log10(np.e)), "asks for too many"),
        (lambda p, risk: np.ceil(np.log(risk) / np.log(p)), "changed places"),
        (lambda p, risk: np.ceil(np.log(1 - risk) / np.log(1 - p)), "the chance of a miss"),
        (lambda p, risk: np.ceil(1 / p), "on average"),
        (lambda p, risk: round(np.log(risk) / np.log(1 - p)), "one too few"),
    ],
    "good_turing": [
        (lambda z: len(set(z)) / len(z), "no sign of more"),
        (lambda z: sum(list(z).count(a) == 1 for a in z), "Of what"),
        (lambda z: np.mean([list(z).count(a) == 1 for a in set(z)]), "share of the starts"),
        (lambda z: np.mean([list(z).count(a) > 1 for a in z]), "find again"),
        (lambda z: 1 / len(z), "whatever the starts"),
        (lambda z: np.bincount(z) == 1, "Wrong shape"),
        (lambda z: (np.unique(z, return_counts=True)[1] <= 2).sum() / len(z), "found twice"),
    ],
    "chain_log_likelihood": [
        (chain_with(lambda a, m: m @ a), "wrong way round"),
        (lambda p, w, m: np.log(p @ w).sum(), "log-likelihood of a mixture"),
        (lambda p, w, m: chain_with()(p, w @ m, m), "moved before the first row"),
        (lambda p, w, m: -chain_with()(p, w, m), "sign is that of a loss"),
        (lambda p, w, m: chain_with()(p[:-1], w, m), "last row was left out|one row"),
        (unscaled_chain, "ten thousand rows"),
    ],
    "chain_moves": [
        (lambda s: s.sum(axis=0) / s.sum(axis=(0, 1)), "columns sum to 1"),
        (lambda s: s.sum(axis=0), "Of how many"),
        (lambda s: s.mean(axis=0), "share of all moves"),
        (lambda s: (s.sum(axis=0) / s.sum(axis=(0, 2))[:, None]).T, "transpose"),
        (lambda s: (s / s.sum(axis=2, keepdims=True)).mean(axis=0), "counts like any other"),
        (lambda s: s.sum(axis=(0, 1)), "Wrong shape"),
    ],
    "hole": [
        (
            hole_with(lambda c: c[0, 1] / c[1, 1], lambda b, c: c[1, 1] - b * c[0, 1]),
            "belongs below",
        ),
        (hole_with(lambda c: c[0, 1] / np.sqrt(c[0, 0] * c[1, 1])), "taken for the slope"),
        (hole_with(rest=lambda b, c: c[1, 1]), "whole column"),
        (hole_with(rest=lambda b, c: 0), "as if the expectation"),
        (hole_with(rest=lambda b, c: np.sqrt(c[1, 1] - b * c[0, 1])), "standard deviation"),
        (lambda m, c, x: hole_with()([0, m[1]], c, x), "distance from its mean"),
        (lambda m, c, x: (m[1], c[1, 1]), "not used"),
        (lambda m, c, x: m[1] + c[0, 1] / c[0, 0] * (x - m[0]), "return 2 things"),
    ],
    "holes_covariance": [
        (lambda y, v: np.cov(y.T, bias=True).reshape(v[0].shape), "filled table"),
        (lambda y, v: np.cov(y.T, bias=True) + v.sum(axis=0), "not divided"),
        (
            lambda y, v: np.cov(y.T, bias=True) + v[v.any(axis=(1, 2))].mean(axis=0),
            "that have holes",
        ),
        (lambda y, v: np.cov(y.T) + v.sum(axis=0) / (len(y) - 1), "n − 1"),
        (lambda y, v: (y.T @ y + v.sum(axis=0)) / len(y), "about 0"),
        (lambda y, v: np.cov(y.T, bias=True) - v.mean(axis=0), "taken off"),
    ],
    "stream_weights": [
        (lambda g: g, "shrunk by every later"),
        (lambda g: g * np.cumprod((1 - g)[::-1])[::-1], "its own step"),
        (lambda g: [g[i] * np.prod(1 - g[:i]) for i in range(len(g))], "Those after it"),
        (lambda g: [np.prod(1 - g[i + 1 :]) for i in range(len(g))], "γ_i, which is missing"),
        (
            lambda g: [g[i] * np.prod(1 - g[i + 1 :]) for i in range(len(g))][::-1],
            "from the newest back",
        ),
        (lambda g: g / sum(g), "divided by their sum"),
        (lambda g: np.ones(len(g)) / len(g), "count alike"),
        (lambda g: np.prod(1 - g), "Wrong shape"),
    ],
    "arguments": [
        (lambda x, t: np.log(np.where(x, t[0] / t[1], (1 - t[0]) / (1 - t[1]))), "first class"),
        (lambda x, t: np.where(x, np.log(t[1] / t[0]), 0), "was left out"),
        (lambda x, t: np.log(t[1]) - np.log(t[0]), "taken for a yes"),
        (lambda x, t: np.where(x, 1, -1) * np.log(t[1] / t[0]), "opposite of a yes"),
        (lambda x, t: np.where(x, t[1] / t[0], (1 - t[1]) / (1 - t[0])), "are the ratios"),
        (lambda x, t: np.log(np.where(x, t, 1 - t)).sum(axis=1) @ [-1, 1], "their sum"),
    ],
    "lines_log_joint": [
        (lines_with(w=lambda w: 1), "weights are forgotten"),
        (lines_with(front=lambda s: 1), "differs from line to line"),
        (lines_with(root=1), "moves no maximum"),
        (lines_with(deviation=np.sqrt), "taken for a variance"),
        (lines_with(height=lambda x, lines: lines[:, 0] * x + lines[:, 1]), "swapped"),
        (lines_with(half=1), "half in the exponent"),
        (lambda *a: np.exp(lines_with()(*a)), "logarithm is wanted"),
        (lambda *a: lines_with()(*a).T, "on its side"),
        (lambda *a: logsumexp(lines_with()(*a), axis=1), "Wrong shape"),
    ],
    "lines_m_step": [
        (line_fits(root=lambda v: v), "are variances"),
        (line_fits(share=lambda r: 1), "missing in the squares"),
        (line_fits(spread=lambda r: np.ones_like(r)), "counts alike"),
        (line_fits(rows=len), "not by those of the line"),
        (line_fits(share=lambda r: r**2), "responsibilities are squared"),
        (line_fits(design=lambda x: x[:, None]), "column of ones"),
        (line_fits(order=slice(None, None, -1)), "swapped"),
        (line_fits(weights=lambda r: r.sum(axis=0)), "sum to 1"),
        (lambda x, y, r: line_fits()(x, y, r)[:2], "return 3 things"),
    ],
    "merged": [
        (merge_with(lambda n, o, step: 0), "Scatters were only added"),
        (merge_raw, "raw moments"),
        (merge_with(lambda n, o, step: n * o * np.outer(step, step)), "divide it by their sum"),
        (merge_with(lambda n, o, step: (n + o) * np.outer(step, step)), "with all rows"),
        (merge_with(lambda n, o, step: n * o / (n + o) * step**2), "outer product is wanted"),
        (
            merge_with(
                lambda n, o, step: n * o / (n + o) * np.outer(step, step),
                lambda n, m, o, om: (m + om) / 2,
            ),
            "same number of rows",
        ),
        (
            merge_with(lambda n, o, step: n * o / (n + o) * step @ step),
            "Right in all it returns|values",
        ),
    ],
    "map_covariance": [
        (lambda x, r, s, c: np.cov(x.T, aweights=r, bias=True).reshape(s.shape), "without a prior"),
        (lambda x, r, s, c: with_prior(x, r, 0 * s, c), "missing above it"),
        (lambda x, r, s, c: with_prior(x, r, s, 0), "are not counted"),
        (lambda x, r, s, c: with_prior(x, r, c * s, c), "multiplied by its count"),
        (lambda x, r, s, c: with_prior(x, r, s, c + len(x) - r.sum()), "All rows were counted"),
        (lambda x, r, s, c: with_prior(x, r, s, c) * np.eye(len(s)), "shape fits"),
        (lambda x, r, s, c: with_prior(x, r, s, c).diagonal(), "Wrong shape"),
        (lambda x, r, s, c: ((r * x.T) @ x + s) / (r.sum() + c), "no mean was taken away"),
    ],
}


@pytest.mark.parametrize(
    ("name", "answer", "told"),
    [(name, answer, told) for name, answers in WRONG.items() for answer, told in answers],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_answer_is_told_by_its_name(name, answer, told):
    verdict = CHECKS[name](answer)
    assert verdict.headline == "Not right yet"
    assert re.search(told, verdict.words), verdict.words


def test_every_check_has_met_five_wrong_answers():
    assert WRONG.keys() == CHECKS.keys()
    assert min(map(len, WRONG.values())) >= 5


@pytest.mark.parametrize("name", CHECKS)
def test_the_oracle_is_right_and_a_stub_is_not_started(name):
    assert CHECKS[name](TASKS[name.upper()].oracle).right
    assert CHECKS[name](stub) == NOT_STARTED


@pytest.mark.parametrize("name", TASKS)
def test_no_mistake_is_right_or_made_twice(name):
    task = TASKS[name]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = [task.oracle, *(mistake.made for mistake in task.mistakes)]
        known = [list(results(function, task)) for function in made]
    assert len(task.mistakes) >= 5
    for i, one in enumerate(known):
        for other in known[:i]:
            assert not all(map(same, one, other)), task.mistakes[i - 1].words


@pytest.mark.parametrize("name", TASKS)
def test_no_verdict_gives_a_value_away(name):
    task = TASKS[name]
    parts = [part for case in results(task.oracle, task) for part in case]
    values = {f"{value:.4g}" for part in parts for value in part.flat}
    said = " ".join(CHECKS[name.lower()](answer).words for answer, _ in WRONG[name.lower()])
    assert not [value for value in values if len(value) > 4 and value in said]


# --- laws ----------------------------------------------------------------------------------------


def test_monotonicity_tells_where_a_run_falls():
    assert laws.never_falls([-12.0, -11.0, -11.0, -11.0 - 1e-10]).right
    told = laws.never_falls([-12.0, -10.0, -10.5, -9.0, -9.2])
    assert not told.right
    assert told.words == (
        "2 of 4 steps go down; the first between iteration 1 and 2, from −10.0000 to −10.5000."
    )
    assert "Value 1 is not a finite number" in laws.never_falls([-12.0, np.nan]).words
    assert "Value 0 is not a finite number" in laws.never_falls([np.inf, 3]).words
    assert "at least two values" in laws.never_falls([-12.0]).words


LOGS = np.log([[0.3, 0.1], [0.2, 0.25], [0.05, 0.4]])


def test_the_shift_finds_a_missing_maximum_and_shared_logarithms():
    assert laws.shift(lambda a: e_step(a)[0], LOGS).right
    assert "NaN" in laws.shift(softmax_bare, LOGS).words
    for shared in (lambda a: softmax(a.T).T, lambda a: softmax_bare(a - a.max())):
        assert not laws.shift(shared, LOGS).right
    assert (
        "the responsibilities change"
        in laws.shift(lambda a: a / a.sum(axis=1)[:, None], LOGS).words
    )


def step_of_coins(x, theta, weights):
    joint = joint_of(x, theta, weights)
    return coins.COIN_M_STEP.oracle(x, shared(joint))


def test_the_renaming_finds_a_component_that_is_treated_apart():
    x, theta, weights = coins.UNEVEN, np.array([0.2, 0.5, 0.7]), np.array([0.2, 0.5, 0.3])
    assert laws.renaming(step_of_coins, x, theta, weights).right

    def first_never_moves(x, theta, weights):
        new = step_of_coins(x, theta, weights)
        return np.append(theta[0], new[0][1:]), new[1]

    assert "result 1 is another" in laws.renaming(first_never_moves, x, theta, weights).words


def test_code_that_stops_breaks_a_law_and_is_not_raised():
    told = laws.shift(lambda a: a[:, 99], LOGS)
    assert told.headline == "Fails"
    assert "IndexError" in told.words


def step_of_gaussians(x, *params):
    model, given = GaussianMixture(), GaussianParams(*params)
    new = model.m_step(x, e_step(model.log_joint(x, given))[0], given)
    return new.weights, new.means, new.covariances


def test_the_renaming_holds_for_the_books_own_gaussians():
    x = np.vstack([gaussians.POINTS, gaussians.POINTS + 0.3])
    assert laws.renaming(step_of_gaussians, x, *gaussians.THREE).right


ONE_PARAMETER = {
    "bare": (lambda x, t: t, True),
    "a list of numbers": (lambda x, t: t.tolist(), True),
    "in a tuple": (lambda x, t: (t,), True),
    "in a list": (lambda x, t: [t], True),
    "from a generator": (lambda x, t: (part for part in [t]), True),
    "bare, the first apart": (lambda x, t: np.append(t[:1] / 2, t[1:]), False),
    "nothing": (lambda x, t: None, False),
    "no things": (lambda x, t: (), False),
    "one thing too many": (lambda x, t: (t, t), False),
    "a number": (lambda x, t: 1.0, False),
    "another shape": (lambda x, t: t[:1], False),
    "complex": (lambda x, t: t + 1j, False),
    "masked": (lambda x, t: np.ma.array(t, mask=True), False),
    "text": (lambda x, t: t.astype(str), False),
}


@pytest.mark.parametrize("start", [[0.6, 0.5, 0.1], np.eye(3)[:, :2]], ids=["numbers", "rows"])
@pytest.mark.parametrize("kind", ONE_PARAMETER)
def test_the_renaming_knows_what_one_parameter_may_come_back_as(kind, start):
    step, holds = ONE_PARAMETER[kind]
    verdict = laws.renaming(step, [1], start)
    assert verdict.right == holds
    assert "stopped" not in verdict.words


@pytest.mark.parametrize("result", [None, (), [], 7.0, (np.ones(2),), [np.ones(2)] * 3])
def test_the_renaming_wants_all_parameters(result):
    verdict = laws.renaming(lambda x, t, w: result, [1], [0.6, 0.5], [0.5, 0.5])
    assert verdict.headline == "Fails"
    assert "stopped" not in verdict.words


@pytest.mark.parametrize(
    "form",
    [
        lambda r, total: [r, total],
        lambda r, total: r.tolist(),
        lambda r, total: (r.tolist(), total),
        lambda r, total: EMState(0, None, r, total, total),
    ],
    ids=["list", "list of rows", "list of rows in a tuple", "state"],
)
def test_the_shift_takes_responsibilities_in_any_form(form):
    assert laws.shift(lambda a: form(*e_step(a)), LOGS).right


def test_the_shift_takes_an_e_step_that_returns_more_than_responsibilities():
    assert laws.shift(e_step, LOGS).right
    for result in (None, (), LOGS[:1], LOGS.T, 1.0, softmax(LOGS) + 1j, softmax(LOGS).astype(str)):
        verdict = laws.shift(lambda a, result=result: result, LOGS)
        assert verdict.headline == "Fails"
        assert "stopped" not in verdict.words


@pytest.mark.parametrize("values", [[1.0, 2j], ["1", "2"], np.ma.array([1, 2], mask=[0, 1]), None])
def test_monotonicity_is_of_real_numbers(values):
    assert laws.never_falls(values).headline == "Fails"
    assert "stopped" not in laws.never_falls(values).words
