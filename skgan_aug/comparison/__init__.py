"""Which over-sampler helps the classifier? Samplers x ratios x seeds x folds."""

from ._compare import CELL_KEYS, compare_samplers
from ._examples import example_translations
from ._logit_adjustment import LogitAdjustment
from ._samplers import SAMPLERS, make_samplers, sampler_title
from ._summary import (
    SCORES,
    paired_difference,
    paired_values,
    row_title,
    row_titles,
    summarize_comparison,
)

__all__ = [
    "CELL_KEYS",
    "SAMPLERS",
    "SCORES",
    "LogitAdjustment",
    "compare_samplers",
    "example_translations",
    "make_samplers",
    "paired_difference",
    "paired_values",
    "row_title",
    "row_titles",
    "sampler_title",
    "summarize_comparison",
]
