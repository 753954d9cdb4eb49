"""What augmentation_report found, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._text import printable

if TYPE_CHECKING:
    import pandas as pd

# Key in a row, key of its standard error, title, and what is good.
MEASURES = (
    ("n_real", None, "real images", ""),
    ("n_synthetic", None, "synthetic images", ""),
    ("real_train", "real_train_se", "recall, trained on real", ""),
    ("gan_train", "gan_train_se", "recall, trained on synthetic", "as on real"),
    ("gan_test", "gan_test_se", "synthetic recognised", "as real"),
    ("frechet", None, "Frechet distance", "low"),
    ("kernel", "kernel_se", "kernel distance", "0"),
    ("precision", None, "precision", "1"),
    ("recall", None, "recall of kinds", "1"),
    ("density", None, "density", "1"),
    ("coverage", None, "coverage", "1"),
    ("two_sample", None, "two-sample accuracy", "0.5"),
    ("two_sample_p", None, "its p-value", ""),
    ("copied", None, "copies of real ones", "0.05 + 1.5/n"),
    ("copied_distance", None, "distance to real : among real", "1"),
    ("diversity", "diversity_se", "diversity : that of real", "1"),
    ("neighbor", None, "nearest class", ""),
    ("margin_before", None, "margin to it before", ""),
    ("margin_after", None, "margin to it after", ""),
)


@dataclass(frozen=True)
class AugmentationReport:
    """What :func:`augmentation_report` found; print it for a table.

    Parameters
    ----------
    rows : list of dict
        One for each class with synthetic rows; see :func:`augmentation_report`.

    sampler : estimator
        The fitted sampler.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skgan_aug import CycleGANOverSampler
    >>> from skgan_aug.reporting import augmentation_report
    >>> X, y = load_iris(return_X_y=True)
    >>> sampler = CycleGANOverSampler(max_iter=2, random_state=0)
    >>> report = augmentation_report(sampler, X[:120], y[:120])
    >>> [row["label"] for row in report.rows]
    [2]
    """

    rows: list[dict[str, Any]]
    sampler: Any

    def __str__(self):
        """A line for each measure, a column for each class."""
        table = [["", *(printable(row["label"]) for row in self.rows), "good"]]
        for key, error, title, good in MEASURES:
            cells = (_as_text(row, key, error) for row in self.rows)
            table.append([title, *cells, good])
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return "\n".join(
            "  ".join(
                [line[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            ).rstrip()
            for line in table
        )

    def to_frame(self) -> pd.DataFrame:
        """Put ``rows`` into a frame.

        Returns
        -------
        frame : pandas.DataFrame
            Indexed by label.

        Raises
        ------
        ImportError
            Where pandas, which no extra brings, is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError("to_frame needs pandas: pip install pandas") from error

        return DataFrame(self.rows).set_index("label")


def _as_text(row, key, error):
    value = row[key]
    if value is None or value != value:  # NaN
        return "–"
    if key == "neighbor" or not isinstance(value, float):
        return printable(value)
    return f"{value:.3g}" if error is None else f"{value:.3g} ± {row[error]:.2g}"
