"""Latent classes by EM: each respondent belongs to a class, which answers by dice of its own.

`data/gss82.csv`, of the General Social Survey of 1982, holds how often each set of answers was
given, from McCutcheon (1987) by way of the R package poLCA; `data/carcinoma.csv` how often each set
of verdicts of seven pathologists on a slide, 2 for carcinoma, from Agresti (2002) by the same way.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PUBLISHED = {-2754.545: 258, -2755.617: 14, -2755.739: 57, -2762.005: 70, -2762.231: 101}
"""The log-likelihoods that poLCA's manual prints, and how many of its 500 starts ended there."""


def respondents(name: str = "gss82") -> tuple[np.ndarray, np.ndarray]:
    """The answers of each kind of respondent, from 1, and how many respondents there are."""
    table = np.loadtxt(HERE / f"data/{name}.csv", delimiter=",", skiprows=1, dtype=int)
    return table[:, :-1], table[:, -1]


def latent_classes(
    starts: int,
    rng: np.random.Generator,
    classes: int = 3,
    tol: float = 1e-9,
    name: str = "gss82",
) -> tuple[np.ndarray, np.ndarray]:
    """Run EM from random starts, all beside each other, each until it gains less than `tol`.

    Returns
    -------
    log_likelihoods : ndarray of shape (starts,)
    weights : ndarray of shape (starts, classes)
        The shares of the classes.
    """
    answers, number = respondents(name)
    sides = answers.max(axis=0)
    x = np.hstack([answers[:, [q]] == np.arange(1, s + 1) for q, s in enumerate(sides)]) * 1.0
    question = np.repeat(np.arange(len(sides)), sides)
    same = (question[:, np.newaxis] == question) * 1.0

    def of_dice(faces: np.ndarray) -> np.ndarray:
        """Sum the sides of each die; one product of matrices is quicker than one for each start."""
        return (faces.reshape(-1, len(question)) @ same).reshape(faces.shape)

    dice = rng.random((starts, classes, len(question)))
    dice /= of_dice(dice)
    weights = np.full((starts, classes), 1 / classes)
    values = np.full(starts, -np.inf)
    running = np.arange(starts)
    while running.size:
        # E-step
        faces = np.log(np.maximum(dice[running], 1e-300))
        log_joint = (faces.reshape(-1, len(question)) @ x.T).reshape(running.size, classes, -1)
        log_joint += np.log(weights[running])[:, :, np.newaxis]
        largest = log_joint.max(axis=1, keepdims=True)
        joint = np.exp(log_joint - largest)
        total = joint.sum(axis=1, keepdims=True)
        value = (largest + np.log(total))[:, 0] @ number
        # M-step
        r = joint / total * number
        sums = (r.reshape(-1, len(x)) @ x).reshape(faces.shape)
        dice[running] = sums / of_dice(sums)
        weights[running] = r.sum(axis=2) / number.sum()

        gain, values[running] = value - values[running], value
        running = running[gain >= tol]
    return values, weights
