"""Data and small functions that several tasks use."""

from __future__ import annotations

import numpy as np

from em_core.checks import Array

SHARES = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [0.3, 0.7], [1.0, 0.0], [0.65, 0.35]])


def share_out(joint: Array) -> Array:
    """Each row divided by its sum."""
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))
