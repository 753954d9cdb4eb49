"""Displays draw what the comparison says."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from skgan_aug.comparison import compare_samplers, summarize_comparison
from skgan_aug.inspection import SamplerComparisonDisplay

mpl.use("Agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    mpl.pyplot.close("all")


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [40, 20, 12])
    X = rng.normal(size=(72, 4)) + y[:, np.newaxis]
    return compare_samplers(
        X,
        y,
        samplers=["none", "random", "smote"],
        classifier=DecisionTreeClassifier(),
        ratios=[0.6, 1.0],
        cv=2,
        n_seeds=2,
    )


def drawn(display):
    """Return the positions of the dots and the ends of the whiskers."""
    dots, _, (whiskers,) = display.errorbar_
    return dots.get_xdata(), [segment[:, 0] for segment in whiskers.get_segments()]


@pytest.mark.parametrize("score", ["balanced_accuracy", "macro_f1", "minority_recall"])
def test_dots_are_means_and_whiskers_standard_deviations(result, score):
    display = SamplerComparisonDisplay.from_comparison(result, score=score)
    dots, whiskers = drawn(display)
    rows = summarize_comparison(result)
    np.testing.assert_allclose(dots, [100 * row[score] for row in rows])
    for (low, high), row in zip(whiskers, rows, strict=True):
        assert (high - low) / 2 == pytest.approx(100 * row[f"{score}_sd"])
        assert (high + low) / 2 == pytest.approx(100 * row[score])
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == [
        "no resampling",
        "random over-sampling, ratio 0.6",
        "random over-sampling, ratio 1",
        "SMOTE, ratio 0.6",
        "SMOTE, ratio 1",
    ]


def test_first_row_is_on_top(result):
    ax = SamplerComparisonDisplay.from_comparison(result).ax_
    bottom, top = ax.get_ylim()
    assert bottom > top


def test_given_axes_and_style_are_used(result):
    _, ax = mpl.pyplot.subplots()
    display = SamplerComparisonDisplay.from_comparison(result, ax=ax, color="red")
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.errorbar_[0].get_color() == "red"


def test_a_failed_sampler_keeps_its_line_without_a_dot(result):
    rows = summarize_comparison(result)
    rows[1] = rows[1] | {"balanced_accuracy": np.nan, "balanced_accuracy_sd": np.nan}
    display = SamplerComparisonDisplay(rows=rows).plot()
    dots = display.errorbar_[0].get_xdata()
    assert np.isnan(dots[1])
    assert np.isfinite(np.delete(dots, 1)).all()
    assert len(display.ax_.get_yticklabels()) == 5


def test_unknown_score(result):
    with pytest.raises(ValueError, match="score='accuracy' is unknown"):
        SamplerComparisonDisplay.from_comparison(result, score="accuracy")


def test_without_matplotlib(result, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"skgan_aug\[plot\]"):
        SamplerComparisonDisplay.from_comparison(result)
