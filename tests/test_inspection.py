"""Displays draw what the comparison says."""

import sys
import warnings
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from pandas import DataFrame
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.tree import DecisionTreeClassifier

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.comparison import compare_samplers, paired_values, summarize_comparison
from skgan_aug.inspection import (
    ClassRecallDisplay,
    FeatureMapDisplay,
    RatioCurveDisplay,
    SamplerComparisonDisplay,
    TrainingCurvesDisplay,
    TranslationsDisplay,
)
from skgan_aug.inspection._figure import style_of

NAMES = {0: "<script>", 1: "$\\frac$", 2: "cat"}

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


def test_whiskers_may_be_intervals_of_the_mean(result):
    display = SamplerComparisonDisplay.from_comparison(result, spread="interval")
    _, whiskers = drawn(display)
    # Student's t of 4 runs, two-sided; two folds test on as many rows as they train on.
    widths = [
        3.182446 * 100 * row["balanced_accuracy_sd"] * np.sqrt(1 / 4 + 1)
        for row in display.rows
    ]
    np.testing.assert_allclose([(b - a) / 2 for a, b in whiskers], widths, rtol=1e-6)
    assert "95% interval" in display.ax_.get_xlabel()
    with pytest.raises(ValueError, match="spread='se' is unknown"):
        SamplerComparisonDisplay.from_comparison(result, spread="se")


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


def make_images(shape, seed=0):
    """Return bytes of two classes, the second being rarer."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [10, 4])
    return rng.integers(0, 256, (14, *shape)).astype(np.uint8), y


def fit(X, y, **params):
    sampler = CycleGANOverSampler(max_iter=2, random_state=0, **params)
    sampler.fit_resample(X, y)
    return sampler


@pytest.mark.parametrize(
    ("shape", "image_shape"),
    [((8, 8), None), ((8, 6, 1), None), ((8, 8, 3), None), ((144,), (6, 8, 3))],
)
def test_triples_are_source_translation_and_nearest_real(shape, image_shape):
    X, y = make_images(shape)
    sampler = fit(X, y, image_shape=image_shape)
    display = TranslationsDisplay.from_estimator(sampler, X, y, n_examples=4)
    sources, translations, nearest = display.examples[0, 1]
    assert sources.shape == (4, *(image_shape or shape)) == translations.shape == nearest.shape
    rows = [0, 3, 6, 9]  # at even steps
    np.testing.assert_array_equal(sources.reshape(4, -1), X[rows].reshape(4, -1))
    expected = sampler.translate(X[rows], source=0, target=1)
    np.testing.assert_array_equal(translations.reshape(4, -1), expected.reshape(4, -1))
    real = X[y == 1].reshape(4, -1).astype(float)
    for image, found in zip(translations, nearest, strict=True):
        distances = np.linalg.norm(real - image.reshape(-1), axis=1)
        np.testing.assert_array_equal(found.reshape(-1), real[distances.argmin()])


def test_the_nearest_is_sought_among_all_rows():
    X, y = make_images((8, 8))
    sampler = fit(X, y)
    many = np.random.default_rng(1).integers(0, 256, (600, 8, 8)).astype(np.uint8)
    for position in (0, 255, 256, 599):
        real = many.copy()
        real[position] = sampler.translate(X[:1], source=0, target=1)[0]
        images = np.concatenate([X[y == 0], real]), np.repeat([0, 1], [10, 600])
        display = TranslationsDisplay.from_estimator(sampler, *images, n_examples=1)
        _, translations, nearest = display.examples[0, 1]
        np.testing.assert_array_equal(nearest, translations)


def test_triples_of_numbers_in_objects_are_those_of_numbers():
    X, y = make_images((8, 8))
    sampler = fit(X, y)
    expected = TranslationsDisplay.from_estimator(sampler, X, y).examples[0, 1]
    found = TranslationsDisplay.from_estimator(sampler, X.astype(object), y).examples[0, 1]
    np.testing.assert_array_equal(found, expected)


def test_triples_are_drawn_in_three_rows_for_each_pair():
    X, y = make_images((8, 8))
    y[12:] = 2
    sampler = fit(X, y)
    display = TranslationsDisplay.from_estimator(sampler, X, y, class_names=NAMES)
    titles = [ax.get_title(loc="left") for ax in display.axes_]
    assert titles == ["<script> → $\\frac$", "<script> → cat"]
    (image,) = display.axes_[0].get_images()
    drawn = image.get_array()
    assert drawn.shape == (3 * 8 + 2, 6 * 8 + 5, 4)
    first = display.examples[0, 1][0][0]
    np.testing.assert_allclose(drawn[:8, :8, 0], first / 255)
    display.figure_.canvas.draw()  # dollar signs are no formula
    by_position = TranslationsDisplay.from_estimator(
        sampler, X, y, class_names=np.array(list(NAMES.values()))
    )
    assert [ax.get_title(loc="left") for ax in by_position.axes_] == titles
    one = TranslationsDisplay.from_estimator(sampler, X, y, pairs=[(0, 2)])
    assert list(one.examples) == [(0, 2)]


def test_floats_are_drawn_in_the_range_that_the_sampler_saw():
    X, y = make_images((8, 8))
    X = X / 100 - 1
    display = TranslationsDisplay.from_estimator(fit(X, y), X, y)
    assert display.limits == (X.min(), X.max())


def test_what_cannot_be_drawn_as_translations():
    X, y = make_images((8,))
    with pytest.raises(NotFittedError):
        TranslationsDisplay.from_estimator(CycleGANOverSampler(), X, y)
    pipe = make_pipeline(CycleGANOverSampler(), DecisionTreeClassifier())
    with pytest.raises(
        TypeError, match=r"sampler is a Pipeline, .* the step, such as pipe\[0\]"
    ):
        TranslationsDisplay.from_estimator(pipe, X, y)
    with pytest.raises(TypeError, match="sampler is a TorchCNNClassifier, but"):
        TrainingCurvesDisplay.from_estimator(TorchCNNClassifier())
    with pytest.raises(ValueError, match="fitted on vectors"):
        TranslationsDisplay.from_estimator(fit(X, y), X, y)
    X, y = make_images((8, 8))
    sampler = fit(X, y, synthetic_fraction=0.0)
    with pytest.raises(ValueError, match="no translations"):
        TranslationsDisplay.from_estimator(sampler, X, y)
    with pytest.raises(ValueError, match="no rows of class 1"):
        TranslationsDisplay.from_estimator(fit(X, y), X[y == 0], y[y == 0])
    for pairs in ((0, 1), [], [(0, 1, 2)]):
        with pytest.raises(
            ValueError, match=r"pairs=.* must hold one tuple \(source, target\)"
        ):
            TranslationsDisplay.from_estimator(fit(X, y), X, y, pairs=pairs)
    for n_examples in (0, -1, 1.5):
        with pytest.raises(
            ValueError, match=r"n_examples=\S+ must be an integer of at least 1"
        ):
            TranslationsDisplay.from_estimator(fit(X, y), X, y, n_examples=n_examples)
    for dtype in (float, object):
        missing = X.astype(dtype)
        missing[-1, 0, 0] = np.nan
        with pytest.raises(ValueError, match="X contains NaN"):
            TranslationsDisplay.from_estimator(fit(X, y), missing, y)
    X, y = make_images((8, 8, 2))
    n_figures = len(plt.get_fignums())
    with pytest.raises(ValueError, match="2 channels"):
        TranslationsDisplay.from_estimator(fit(X, y), X, y)
    assert len(plt.get_fignums()) == n_figures


def test_axes_may_be_a_list_and_must_be_as_many_as_are_drawn_on():
    X, y = make_images((8, 8))
    sampler = fit(X, y)
    figure = mpl.figure.Figure()
    translations = TranslationsDisplay.from_estimator(sampler, X, y, axes=[figure.subplots()])
    assert translations.figure_ is figure
    both = list(figure.subplots(1, 2))
    assert TrainingCurvesDisplay.from_estimator(sampler, axes=both).axes_.shape == (1, 2)
    with pytest.raises(ValueError, match="axes holds 2, but 1 are drawn on"):
        TranslationsDisplay.from_estimator(sampler, X, y, axes=both)
    with pytest.raises(ValueError, match="axes holds 1, but 2 are drawn on"):
        TrainingCurvesDisplay.from_estimator(sampler, axes=both[:1])


@pytest.mark.parametrize(("dtype", "low", "high"), [(bool, 0, 1), (np.int8, -128, 127)])
def test_small_numbers_are_drawn_from_black_to_white(dtype, low, high):
    images = np.full((1, 4, 4), low, dtype=dtype)
    images[0, 0] = high
    display = TranslationsDisplay(examples={(0, 1): [images] * 3}).plot()
    drawn = display.axes_[0].get_images()[0].get_array()
    assert drawn[0, 0, 0] == 1
    assert drawn[1, 0, 0] == 0


def test_curves_are_the_history():
    X, y = make_images((8, 8))
    sampler = fit(X, y, identity_weight=0.0)
    sampler.history_[0, 1].append(sampler.history_[0, 1][-1] | {"n_iter": 4})
    display = TrainingCurvesDisplay.from_estimator(sampler, class_names=NAMES)
    losses, score = display.axes_[0]
    lines = {line.get_label(): line for line in losses.get_lines()}
    assert not any(name.startswith("identity") for name in lines)
    for name in ("adversarial_st", "cycle_s", "discriminator_t"):
        expected = [record[name] for record in sampler.history_[0, 1]]
        np.testing.assert_allclose(lines[name].get_ydata(), expected)
        assert lines[name].get_xdata().tolist() == [2, 4]
    (line,) = score.get_lines()
    assert line.get_ydata()[0] == sampler.history_[0, 1][0]["target_score"]
    assert losses.get_title(loc="left") == "<script> → $\\frac$"
    display.figure_.canvas.draw()
    with pytest.raises(ValueError, match="no curves"):
        TrainingCurvesDisplay(histories={}).plot()
    with pytest.raises(NotFittedError):
        TrainingCurvesDisplay.from_estimator(CycleGANOverSampler())


def make_history(**losses):
    return [{"n_iter": n, "cycle_t": 0.1, "target_score": 0.5, **losses} for n in (50, 51)]


def test_records_without_a_loss_are_left_out():
    history = make_history(classifier=0.2)
    del history[-1]["classifier"]
    display = TrainingCurvesDisplay(histories={"a": history}).plot()
    lines = {line.get_label(): line for line in display.axes_[0, 0].get_lines()}
    assert lines["classifier"].get_xdata().tolist() == [50]
    assert lines["cycle_t"].get_xdata().tolist() == [50, 51]


def test_losses_of_one_record_are_told_apart():
    X, y = make_images((8, 8))
    losses = TrainingCurvesDisplay.from_estimator(fit(X, y)).axes_[0, 0].get_lines()
    assert len({(line.get_color(), line.get_markerfacecolor()) for line in losses}) == len(
        losses
    )


def test_curves_on_given_axes_have_one_legend_in_them():
    figure, axes = mpl.pyplot.subplots(1, 2)
    display = TrainingCurvesDisplay(histories={"a": make_history()})
    for _ in range(2):
        display.plot(axes=axes)
    assert not figure.legends
    assert axes[0].get_legend() is not None
    own = display.plot().figure_
    display.plot(axes=display.axes_)
    assert len(own.legends) == 1
    assert display.axes_[0, 0].get_legend() is None


def test_classes_of_one_name_each_have_curves():
    X, y = make_images((8, 8))
    y[12:] = 2
    display = TrainingCurvesDisplay.from_estimator(fit(X, y), class_names={1: "b", 2: "b"})
    assert list(display.histories) == ["0 → 1", "0 → 2"]


def test_ratio_curves_are_means_over_runs(result):
    display = RatioCurveDisplay.from_comparison(result, score="macro_f1")
    rows = {(row["sampler"], row["ratio"]): row for row in summarize_comparison(result)}
    assert list(display.errorbars_) == ["random over-sampling", "SMOTE"]
    dots = display.errorbars_["SMOTE"][0]
    expected = [100 * rows["smote", ratio]["macro_f1"] for ratio in (0.6, 1.0)]
    np.testing.assert_allclose(dots.get_ydata(), expected)
    (whiskers,) = display.errorbars_["SMOTE"][2]
    ends = whiskers.get_segments()[0][:, 1]
    assert (ends[1] - ends[0]) / 2 == pytest.approx(100 * rows["smote", 0.6]["macro_f1_sd"])
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert "no resampling" in labels
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["0.6", "1"]
    with pytest.raises(ValueError, match="score='accuracy' is unknown"):
        RatioCurveDisplay.from_comparison(result, score="accuracy")


def test_what_has_no_ratio_is_told_apart_by_its_line():
    scores = np.array([[70.0, 72.0]])
    curves = {title: (np.array([np.nan]), scores) for title in ("none", "adjusted")}
    display = RatioCurveDisplay(curves=curves, score_title="points").plot()
    none, adjusted = display.ax_.get_legend().get_lines()
    assert none.get_linestyle() != adjusted.get_linestyle()


def test_ratio_curves_of_one_run_have_no_whiskers():
    curves = {"a": (np.array([0.5, 1.0]), np.array([[70.0], [80.0]]))}
    display = RatioCurveDisplay(curves=curves, score_title="points").plot()
    assert display.ax_.get_ylabel() == "points"
    (whiskers,) = display.errorbars_["a"][2]
    drawn = [ends for ends in whiskers.get_segments() if np.size(ends)]
    assert not any(np.isfinite(ends).all() for ends in drawn)
    two = np.array([[70.0, np.nan], [80.0, 82.0]])
    display = RatioCurveDisplay(curves={"a": (curves["a"][0], two)}, score_title="points")
    assert display.plot().ax_.get_ylabel() == "points ± sd"


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ([0.26, 0.27, 0.28, 0.3, 0.5, 1.0], ["0.3", "0.5", "1"]),
        (np.arange(1, 11) / 10, [f"{tick / 10:g}" for tick in range(1, 11)]),
        (np.linspace(0.5, 1, 11), [f"{tick / 100:g}" for tick in range(50, 101, 5)]),
        ([0.3333333, 0.9], ["0.333", "0.9"]),
    ],
)
def test_ratios_are_written_where_they_have_room(ratios, expected):
    curves = {"a": (np.asarray(ratios), np.ones((len(ratios), 2)))}
    ax = RatioCurveDisplay(curves=curves, score_title="points").plot().ax_
    assert [label.get_text() for label in ax.get_xticklabels()] == expected


def test_samplers_of_one_ratio_stand_beside_each_other_at_it():
    curves = {title: (np.array([1.0]), np.array([[70.0, 72.0]])) for title in "abc"}
    display = RatioCurveDisplay(curves=curves, score_title="points").plot()
    low, high = display.ax_.get_xlim()
    dots = [bars[0].get_xdata()[0] for bars in display.errorbars_.values()]
    assert np.ptp(dots) < 0.1 * (high - low)
    assert low < 1 < high
    curves = {"d": (np.array([0.2]), np.array([[70.0, 72.0]]))}
    RatioCurveDisplay(curves=curves, score_title="points").plot(ax=display.ax_)
    low, high = display.ax_.get_xlim()
    assert low < 0.2 < 1 < high


def test_a_line_of_a_search_without_other_parameters_has_a_name():
    X, y = make_images((4,))
    pipe = make_pipeline(RandomOverSampler(random_state=0), DecisionTreeClassifier())
    ratio, depth = "randomoversampler__sampling_strategy", "decisiontreeclassifier__max_depth"
    grids = [{ratio: [0.8, 1.0]}, {ratio: [0.8, 1.0], depth: [1]}]
    display = RatioCurveDisplay.from_estimator(GridSearchCV(pipe, grids, cv=2).fit(X, y))
    assert list(display.curves) == ["other parameters as they were", f"{depth}=1"]


def test_ratio_curves_of_a_search():
    X, y = make_images((4,))
    pipe = make_pipeline(RandomOverSampler(random_state=0), DecisionTreeClassifier())
    ratio = "randomoversampler__sampling_strategy"
    depth = "decisiontreeclassifier__max_depth"
    grid = {ratio: [1.0, 0.8], depth: [1, 2]}
    scoring = ["accuracy", "balanced_accuracy"]
    search = GridSearchCV(pipe, grid, cv=2, scoring=scoring, refit="accuracy").fit(X, y)
    display = RatioCurveDisplay.from_estimator(search, score="balanced_accuracy")
    assert list(display.errorbars_) == [f"{depth}=1", f"{depth}=2"]
    means = search.cv_results_["mean_test_balanced_accuracy"]
    found = display.errorbars_[f"{depth}=2"][0].get_ydata()
    wanted = [
        mean
        for value in (0.8, 1.0)
        for params, mean in zip(search.cv_results_["params"], means, strict=True)
        if params == {ratio: value, depth: 2}
    ]
    np.testing.assert_allclose(found, wanted)
    single = GridSearchCV(pipe, {ratio: np.array([1.0, 0.8], np.float32)}, cv=2).fit(X, y)
    assert len(RatioCurveDisplay.from_estimator(single).errorbars_) == 1
    with pytest.raises(ValueError, match="score='score' is not among"):
        RatioCurveDisplay.from_estimator(search)
    search = GridSearchCV(pipe, {depth: [1, 2]}, cv=2)
    with pytest.raises(NotFittedError, match="GridSearchCV instance is not fitted"):
        RatioCurveDisplay.from_estimator(search)
    search.fit(X, y)
    with pytest.raises(ValueError, match="numbers for one sampling_strategy"):
        RatioCurveDisplay.from_estimator(search)
    with pytest.raises(
        TypeError, match=r"search is a Pipeline, .*: pass a fitted GridSearchCV"
    ):
        RatioCurveDisplay.from_estimator(pipe.fit(X, y))


def test_ratio_curves_of_a_halving_search_have_a_line_for_each_number_of_rows():
    X, y = (np.concatenate([part] * 4) for part in make_images((4,)))
    pipe = make_pipeline(RandomOverSampler(random_state=0), DecisionTreeClassifier())
    search = HalvingGridSearchCV(
        pipe,
        {"randomoversampler__sampling_strategy": [0.9, 0.95, 1.0]},
        cv=2,
        factor=2,
        min_resources=len(X) // 2,
        random_state=0,
    ).fit(X, y)
    display = RatioCurveDisplay.from_estimator(search)
    n_ratios = {title: len(ratios) for title, (ratios, _) in display.curves.items()}
    assert n_ratios == {f"n_samples={len(X) // 2}": 3, f"n_samples={len(X)}": 2}


def test_recall_is_drawn_before_and_after(result):
    display = ClassRecallDisplay.from_comparison(
        result, after="smote", ratio=0.6, class_names=NAMES
    )
    after, before = paired_values(result, "smote", "none", key="recall", ratio=0.6)
    assert len(after) == 4
    np.testing.assert_allclose(display.before_.get_xdata(), 100 * before.mean(axis=0))
    np.testing.assert_allclose(display.after_.get_xdata(), 100 * after.mean(axis=0))
    labels = display.ax_.get_yticklabels()
    assert [label.get_text() for label in labels] == list(NAMES.values())
    # At ratio 1, the largest, classes 1 and 2 gain rows.
    assert [label.get_fontweight() for label in labels] == ["normal", "bold", "bold"]
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["no resampling", "SMOTE"]
    display.figure_.canvas.draw()


def test_a_class_without_test_images_has_no_dot():
    recall = np.array([[0.5, np.nan], [0.7, np.nan]])
    display = ClassRecallDisplay(
        before=recall,
        after=recall + 0.1,
        names=["cat", "dog"],
        is_minority=np.array([False, True]),
        titles=("none", "all"),
    ).plot()
    np.testing.assert_allclose(display.after_.get_xdata(), [70, np.nan])
    assert [text.get_text() for text in display.ax_.texts] == ["+10.0"]


def test_recall_of_samplers_that_never_ran_together(result):
    failed = result.copy()
    failed["recall"] = np.where(
        (result.sampler == "smote")[:, np.newaxis], np.nan, result.recall
    )
    with pytest.raises(ValueError, match="never ran on the same images"):
        ClassRecallDisplay.from_comparison(type(result)(**failed), after="smote")
    with pytest.raises(ValueError, match="'cyclegan' was not compared"):
        ClassRecallDisplay.from_comparison(result)


def test_map_of_coordinates_tells_real_from_synthetic():
    coordinates = np.arange(16.0).reshape(8, 2)
    labels = np.array([0, 0, 1, 1, 1, 1, 1, 1])
    is_synthetic = np.array([False] * 5 + [True] * 3)
    coordinates[4] = coordinates[3]  # a copy, as over-sampling adds
    display = FeatureMapDisplay.from_predictions(
        coordinates, labels, is_synthetic, class_names=NAMES
    )
    assert list(display.real_) == [0, 1]
    np.testing.assert_array_equal(display.real_[1].get_offsets(), coordinates[[2, 3]])
    np.testing.assert_array_equal(display.synthetic_[1].get_offsets(), coordinates[5:])
    assert list(display.synthetic_) == [1]
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["real", "synthetic", "$\\frac$"]
    assert [text.get_text() for text in display.ax_.texts] == ["<script>"]
    display.figure_.canvas.draw()


def test_map_of_features_is_drawn_by_tsne_and_reproducible():
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(30, 5)), np.repeat([0, 1], 15)
    is_synthetic = np.arange(30) >= 20
    maps = [
        FeatureMapDisplay.from_predictions(features, labels, is_synthetic, n_per_class=8)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(maps[0].coordinates, maps[1].coordinates)
    assert maps[0].coordinates.shape == (8 + 5 + 8, 2)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        FeatureMapDisplay.from_predictions(features, labels[:5], is_synthetic)
    with pytest.raises(ValueError, match=r"^labels has 1 missing labels"):
        FeatureMapDisplay.from_predictions(features, [None, *labels[1:]], is_synthetic)
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        FeatureMapDisplay.from_predictions(features[:, :1], labels, is_synthetic)


def test_map_of_a_classifier():
    X, y = make_images((8, 8))
    classifier = TorchCNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    is_synthetic = np.arange(14) >= 12
    display = FeatureMapDisplay.from_estimator(classifier, X, y, is_synthetic, n_per_class=6)
    assert len(display.real_[0].get_offsets()) == 6
    assert len(display.synthetic_[1].get_offsets()) == 2


def test_map_of_a_classifier_takes_frames():
    X, y = make_images((4,))
    frame = DataFrame(X, columns=list("abcd"))
    classifier = TorchCNNClassifier(max_epochs=1, random_state=0).fit(frame, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of names that are missing
        FeatureMapDisplay.from_estimator(classifier, frame, y, np.arange(14) >= 12)


def test_map_of_equal_rows_is_one_spot():
    is_synthetic = np.arange(10) >= 5
    display = FeatureMapDisplay.from_predictions(np.ones((10, 5)), [0] * 10, is_synthetic)
    np.testing.assert_array_equal(display.coordinates, np.zeros((2, 2)))


def test_every_class_is_in_the_legend_whatever_it_is_called():
    coordinates, labels = np.arange(12.0).reshape(6, 2), np.repeat([0, 1, 2], 2)
    display = FeatureMapDisplay.from_predictions(
        coordinates, labels, [False, True] * 3, class_names=["real", "cell", "cell"]
    )
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["real", "synthetic", "real", "cell", "cell"]


def test_labels_of_the_map_may_be_a_column():
    is_synthetic, labels = [False, True] * 3, np.repeat([[0], [1]], 3, axis=0)
    coordinates = np.arange(12.0).reshape(6, 2)
    display = FeatureMapDisplay.from_predictions(coordinates, labels, is_synthetic)
    assert list(display.real_) == [0, 1]


@pytest.mark.parametrize("wrap", [np.asarray, lambda mask: np.reshape(mask, (-1, 1))])
@pytest.mark.parametrize("dtype", [bool, int, float])
def test_the_mask_of_the_map_may_be_a_column_and_of_numbers(wrap, dtype):
    mask, coordinates = np.array([False, True] * 3), np.arange(12.0).reshape(6, 2)
    given = wrap(mask.astype(dtype))
    display = FeatureMapDisplay.from_predictions(coordinates, np.zeros(6), given)
    np.testing.assert_array_equal(display.is_synthetic, mask)


@pytest.mark.parametrize("value", [0, -1, 2.5])
def test_a_number_of_rows_for_the_map_that_is_none(value):
    X, y = make_images((8, 8))
    classifier = TorchCNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match=r"n_per_class=\S+ must be an integer of at least 1"):
        FeatureMapDisplay.from_estimator(classifier, X, y, y == 2, n_per_class=value)


@pytest.mark.parametrize("value", ["False", 2, np.nan])
def test_a_mask_of_the_map_that_is_none(value):
    coordinates = np.arange(12.0).reshape(6, 2)
    with pytest.raises(ValueError, match=r"is_synthetic holds .* must be True or False"):
        FeatureMapDisplay.from_predictions(coordinates, np.zeros(6), [value] * 6)


def height_of_plot(display):
    display.figure_.canvas.draw()
    return display.ax_.get_window_extent().height / display.figure_.dpi


def test_long_legends_leave_room_for_the_plot():
    curves = {f"max_depth={depth}": (np.ones(1), np.ones((1, 2))) for depth in range(12)}
    assert height_of_plot(RatioCurveDisplay(curves=curves, score_title="score").plot()) > 2
    labels = np.arange(20)
    names = [f"A long name of a disease, stage {label}" for label in labels]
    display = FeatureMapDisplay.from_predictions(
        np.random.RandomState(0).rand(20, 2), labels, labels >= 0, class_names=names
    )
    assert height_of_plot(display) > 4


def test_lines_are_drawn_nearest_to_their_own_ratio():
    ratios = np.array([0.05, 0.1, 0.5, 1.0])
    curves = {f"sampler {k}": (ratios, np.ones((4, 2))) for k in range(8)}
    display = RatioCurveDisplay(curves=curves, score_title="score").plot()
    drawn = [dots.get_xdata() for dots, *_ in display.errorbars_.values()]
    for positions in drawn:
        nearest = np.abs(positions[:, np.newaxis] - ratios).argmin(axis=1)
        assert nearest.tolist() == [0, 1, 2, 3]


def test_long_names_of_samplers_leave_room_for_the_plot():
    scores = {"balanced_accuracy": 0.5, "balanced_accuracy_sd": 0.1}
    name = "CycleGAN with an identity loss of 0.5 and translations that go all of the way"
    display = SamplerComparisonDisplay(rows=[{"sampler": name, "ratio": 1.0, **scores}] * 9)
    display.plot().figure_.canvas.draw()
    assert display.ax_.get_window_extent().width / display.figure_.dpi > 2
    boxes = [label.get_window_extent() for label in display.ax_.get_yticklabels()]
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(boxes))


def test_images_of_pairs_with_few_examples_are_as_large_as_others():
    images = np.zeros((6, 8, 8), dtype=np.uint8)
    examples = {("few", "a"): [images[:2]] * 3, ("many", "a"): [images] * 3}
    display = TranslationsDisplay(examples=examples).plot()
    display.figure_.canvas.draw()
    few, many = (ax.get_window_extent() for ax in display.axes_)
    assert few.height == pytest.approx(many.height, rel=0.05)


def test_styles_of_42_series_differ():
    assert len({tuple(style_of(position).values()) for position in range(42)}) == 42


LONG_NAMES = [
    "Melanocytic nevi",
    "Melanoma",
    "Benign keratosis-like lesions",
    "Actinic keratoses and intraepithelial carcinoma / Bowen's disease",
]


def assert_inside(texts, figure):
    figure.canvas.draw()
    for text in texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
        assert box.y1 <= figure.bbox.y1, text


class TestLongNames:
    def test_beside_recalls_leave_room_for_them(self):
        recall = np.random.default_rng(0).random((2, 4))
        display = ClassRecallDisplay(
            before=recall,
            after=recall,
            names=LONG_NAMES,
            is_minority=np.arange(4) > 1,
            titles=("no resampling", "random over-sampling"),
        ).plot()
        ax = display.ax_
        assert_inside([*ax.get_yticklabels(), *ax.get_legend().get_texts()], ax.figure)
        assert ax.get_window_extent().width > ax.figure.bbox.width / 2

    @pytest.mark.parametrize("n_examples", [1, 2, 3, 6])
    def test_over_translations(self, n_examples):
        images = np.zeros((n_examples, 8, 8), np.uint8)
        examples = {(0, 3): [images] * 3, (2, 3): [images] * 3}
        display = TranslationsDisplay(examples=examples, class_names=LONG_NAMES).plot()
        titles = [ax._left_title for ax in display.axes_]
        assert_inside(titles, display.figure_)
        assert display.axes_[0].get_window_extent().width > 40 * n_examples

    def test_in_the_legend_of_a_map(self):
        coordinates, labels = np.arange(16.0).reshape(8, 2), np.repeat(range(4), 2)
        display = FeatureMapDisplay.from_predictions(
            coordinates, labels, [False, True] * 4, class_names=LONG_NAMES
        )
        assert_inside(display.ax_.get_legend().get_texts(), display.figure_)

    def test_in_the_legend_of_ratio_curves(self):
        titles = [f"decisiontreeclassifier__max_leaf_nodes={n}" for n in range(3)]
        curves = {title: (np.array([0.5, 1]), np.ones((2, 3))) for title in titles}
        display = RatioCurveDisplay(curves=curves, score_title="score").plot()
        assert_inside(display.ax_.get_legend().get_texts(), display.figure_)
