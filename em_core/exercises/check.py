"""The checks of the chapters' exercises; each takes the learner's function and gives a `Verdict`.

To be read with the module's name: ``check.responsibilities(mine)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

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
from em_core.exercises.verdict import Verdict, judge

Answer: TypeAlias = Callable[..., Any]


def divergence(answer: Answer) -> Verdict:
    """Check a function (q, p) for the Kullback–Leibler divergence KL(q ‖ p), a float.

    Parameters
    ----------
    answer : callable
        Takes two distributions of shape (k,).

    Returns
    -------
    Verdict
    """
    return judge(answer, general.DIVERGENCE)


def labelled_estimates(answer: Answer) -> Verdict:
    """Check a function (x, labels, k) for the estimates of θ when the labels are seen.

    Parameters
    ----------
    answer : callable
        Takes heads and tails, shape (m, 2), labels from 0, shape (m,), and the number of coins.

    Returns
    -------
    Verdict
    """
    return judge(answer, coins.LABELLED_ESTIMATES)


def responsibilities(answer: Answer) -> Verdict:
    """Check a function (x, theta, weights) for the responsibilities of coins.

    Parameters
    ----------
    answer : callable
        Takes heads and tails, shape (m, 2), and two arrays of shape (k,).

    Returns
    -------
    Verdict
    """
    return judge(answer, coins.RESPONSIBILITIES)


def lower_bound(answer: Answer) -> Verdict:
    """Check a function (log_joint, q) for the lower bound, a float.

    Parameters
    ----------
    answer : callable
        Takes two arrays of shape (n, k); q's rows are distributions.

    Returns
    -------
    Verdict
    """
    return judge(answer, general.LOWER_BOUND)


def coin_m_step(answer: Answer) -> Verdict:
    """Check a function (x, r) for the M-step of coins with free weights.

    Parameters
    ----------
    answer : callable
        Takes heads and tails, shape (m, 2), and responsibilities, shape (m, k); returns θ and the
        weights.

    Returns
    -------
    Verdict
    """
    return judge(answer, coins.COIN_M_STEP)


def e_step(answer: Answer) -> Verdict:
    """Check a function (log_joint) for the E-step of any model.

    Parameters
    ----------
    answer : callable
        Takes an array of shape (n, k); returns the responsibilities and the log-likelihood.

    Returns
    -------
    Verdict
    """
    return judge(answer, general.E_STEP)


def ordered(answer: Answer) -> Verdict:
    """Check a function (theta, weights) that puts a mixture's components in the order of θ.

    Parameters
    ----------
    answer : callable
        Takes and returns two arrays of shape (k,).

    Returns
    -------
    Verdict
    """
    return judge(answer, coins.ORDERED)


def gaussian_m_step(answer: Answer) -> Verdict:
    """Check a function (x, r) for the M-step of one Gaussian component.

    Parameters
    ----------
    answer : callable
        Takes points, shape (n, d), and one column of responsibilities, shape (n,); returns weight,
        mean and covariance.

    Returns
    -------
    Verdict
    """
    return judge(answer, gaussians.GAUSSIAN_M_STEP)


def gaussian_means(answer: Answer) -> Verdict:
    """Check a function (x, r) for the M-step's means of a mixture of Gaussians.

    Parameters
    ----------
    answer : callable
        Takes points, shape (n, d), and responsibilities, shape (n, k); returns shape (k, d).

    Returns
    -------
    Verdict
    """
    return judge(answer, gaussians.GAUSSIAN_MEANS)


def gaussian_run(answer: Answer) -> Verdict:
    """Check a function (x, weights, means, variances, count) that runs EM on a line.

    Parameters
    ----------
    answer : callable
        Takes points, shape (n,), three arrays of shape (k,) and the number of iterations; returns
        the log-likelihoods, the start's first.

    Returns
    -------
    Verdict
    """
    return judge(answer, gaussians.GAUSSIAN_RUN)


def gaussian_e_step(answer: Answer) -> Verdict:
    """Check a function (x, weights, means, covariances) for responsibilities of Gaussians.

    Parameters
    ----------
    answer : callable
        Takes points, shape (n, d), and the parameters, shapes (k,), (k, d) and (k, d, d).

    Returns
    -------
    Verdict
    """
    return judge(answer, gaussians.GAUSSIAN_E_STEP)


def bic(answer: Answer) -> Verdict:
    """Check a function (log_likelihood, n, d, k) for the BIC of a mixture of full Gaussians.

    Parameters
    ----------
    answer : callable
        Takes the log-likelihood, the numbers of points, of axes and of components.

    Returns
    -------
    Verdict
    """
    return judge(answer, gaussians.BIC)


def criteria(answer: Answer) -> Verdict:
    """Check a function (log_joint, c) for AIC, BIC and ICL, of which the smallest are best.

    Parameters
    ----------
    answer : callable
        Takes a log-joint of shape (n, k) and the number of free parameters; returns three numbers.

    Returns
    -------
    Verdict
    """
    return judge(answer, general.CRITERIA)


def merged(answer: Answer) -> Verdict:
    """Check a function that merges the moments of two chunks of data.

    Parameters
    ----------
    answer : callable
        Takes (n, mean, scatter, other_n, other_mean, other_scatter), the means of shape (d,) and
        the scatters Σ_i (x_i − mean)(x_i − mean)ᵀ of shape (d, d); returns the three of both.

    Returns
    -------
    Verdict
    """
    return judge(answer, gaussians.MERGED)


def leap(answer: Answer) -> Verdict:
    """Check a function (v0, v1, v2) for the goal of a run whose error shrinks by a constant factor.

    Parameters
    ----------
    answer : callable
        Takes three numbers that follow each other; returns a number.

    Returns
    -------
    Verdict
    """
    return judge(answer, general.LEAP)


def exponential_log_joint(answer: Answer) -> Verdict:
    """Check a function (x, weights, rates) for the log-joint of a mixture of exponentials.

    Parameters
    ----------
    answer : callable
        Takes waiting times, shape (n,), and two arrays of shape (k,); returns shape (n, k).

    Returns
    -------
    Verdict
    """
    return judge(answer, exponentials.EXPONENTIAL_LOG_JOINT)


def exponential_m_step(answer: Answer) -> Verdict:
    """Check a function (x, r) for the M-step of a mixture of exponentials.

    Parameters
    ----------
    answer : callable
        Takes waiting times, shape (n,), and responsibilities, shape (n, k); returns weights and
        rates.

    Returns
    -------
    Verdict
    """
    return judge(answer, exponentials.EXPONENTIAL_M_STEP)


def errors_from_information(answer: Answer) -> Verdict:
    """Check a function (information) for the standard errors of estimates.

    Parameters
    ----------
    answer : callable
        Takes an array of shape (p, p); returns shape (p,).

    Returns
    -------
    Verdict
    """
    return judge(answer, information.ERRORS_FROM_INFORMATION)


def missing_information(answer: Answer) -> Verdict:
    """Check a function (r, slopes) for the missing information of Louis' identity.

    Parameters
    ----------
    answer : callable
        Takes responsibilities, shape (n, k), and slopes of the log-joint, shape (n, k, p); returns
        shape (p, p).

    Returns
    -------
    Verdict
    """
    return judge(answer, information.MISSING_INFORMATION)


def map_covariance(answer: Answer) -> Verdict:
    """Check a function (x, r, scatter, count) for a component's covariance under a prior.

    Parameters
    ----------
    answer : callable
        Takes data of shape (n, d), the component's responsibilities, shape (n,), the prior's
        scatter, shape (d, d), and the number of rows that it counts for.

    Returns
    -------
    Verdict
    """
    return judge(answer, priors.MAP_COVARIANCE)


def starts_needed(answer: Answer) -> Verdict:
    """Check a function (p, risk) for how many starts miss the best with at most that chance.

    Parameters
    ----------
    answer : callable
        Takes the chance that one start finds the best, and the risk; returns a whole number.

    Returns
    -------
    Verdict
    """
    return judge(answer, starts.STARTS_NEEDED)


def good_turing(answer: Answer) -> Verdict:
    """Check a function (places) for the estimated chance that the next start finds a new maximum.

    Parameters
    ----------
    answer : callable
        Takes whole numbers, shape (s,): for each start, which maximum it reached.

    Returns
    -------
    Verdict
    """
    return judge(answer, starts.GOOD_TURING)


def chain_log_likelihood(answer: Answer) -> Verdict:
    """Check a function (p, start, moves) for the log-likelihood of a hidden Markov chain.

    Parameters
    ----------
    answer : callable
        Takes each row's probability in each state, shape (n, k), the first state's probabilities,
        shape (k,), and those of the moves, shape (k, k), with a row for the state that is left.

    Returns
    -------
    Verdict
    """
    return judge(answer, chains.CHAIN_LOG_LIKELIHOOD)


def chain_moves(answer: Answer) -> Verdict:
    """Check a function (pairs) for the M-step of the moves of a hidden Markov chain.

    Parameters
    ----------
    answer : callable
        Takes how probable each move is at each time, shape (n - 1, k, k).

    Returns
    -------
    Verdict
    """
    return judge(answer, chains.CHAIN_MOVES)


def hole(answer: Answer) -> Verdict:
    """Check a function (mean, covariance, x) for what is expected of a pair's second number.

    Parameters
    ----------
    answer : callable
        Takes the means, shape (2,), the covariance matrix, shape (2, 2), and the first number;
        returns the second one's expectation and its variance.

    Returns
    -------
    Verdict
    """
    return judge(answer, holes.HOLE)


def holes_covariance(answer: Answer) -> Verdict:
    """Check a function (filled, spreads) for the M-step of a covariance matrix with holes.

    Parameters
    ----------
    answer : callable
        Takes the rows with expectations in their holes, shape (n, d), and the covariance of what
        each row's holes hide, shape (n, d, d).

    Returns
    -------
    Verdict
    """
    return judge(answer, holes.HOLES_COVARIANCE)


def stream_weights(answer: Answer) -> Verdict:
    """Check a function (steps) for what each number counts for in a running average.

    Parameters
    ----------
    answer : callable
        Takes the step sizes γ_1 to γ_t, shape (t,), of which the first is 1.

    Returns
    -------
    Verdict
    """
    return judge(answer, streams.STREAM_WEIGHTS)


def arguments(answer: Answer) -> Verdict:
    """Check a function (answers, yes) for how much each answer argues for the second class.

    Parameters
    ----------
    answer : callable
        Takes answers of 0 and 1, shape (d,), and how probable a yes to each question is in each of
        two classes, shape (2, d).

    Returns
    -------
    Verdict
    """
    return judge(answer, rows.ARGUMENTS)


def lines_log_joint(answer: Answer) -> Verdict:
    """Check a function (x, y, weights, lines, sigma) for the log-joint of a mixture of lines.

    Parameters
    ----------
    answer : callable
        Takes two columns of shape (n,), the weights (k,), a row a, b for each line (k, 2), and the
        standard deviations (k,); returns shape (n, k).

    Returns
    -------
    Verdict
    """
    return judge(answer, lines.LINES_LOG_JOINT)


def lines_m_step(answer: Answer) -> Verdict:
    """Check a function (x, y, responsibilities) for the M-step of a mixture of lines.

    Parameters
    ----------
    answer : callable
        Takes two columns of shape (n,) and the responsibilities (n, k); returns weights (k,),
        lines (k, 2) and standard deviations (k,).

    Returns
    -------
    Verdict
    """
    return judge(answer, lines.LINES_M_STEP)
