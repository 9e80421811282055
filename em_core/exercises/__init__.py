"""What the exercises answer: `check` looks at a learner's function, `laws` at any EM code.

Both answer in words, by a `Verdict`, and never raise. No other part of `em_core` needs them.
"""

from em_core.exercises import check, laws
from em_core.exercises.verdict import Verdict

__all__ = ["Verdict", "check", "laws"]
