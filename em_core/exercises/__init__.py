"""What the exercises answer: `check` looks at a learner's function, `laws` at any EM code.

Both answer in words, by a `Verdict`, and never raise; `by_hand` has exercises whose numbers are
drawn. No other part of `em_core` needs them.
"""

from em_core.exercises import by_hand, check, laws
from em_core.exercises.verdict import Verdict

__all__ = ["Verdict", "by_hand", "check", "laws"]
