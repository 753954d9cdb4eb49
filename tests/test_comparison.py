"""Comparisons are fair, complete, reproducible, and say what failed."""

import re
from collections import Counter
from functools import partial
from itertools import count
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from imblearn import FunctionSampler
from imblearn.combine import SMOTETomek
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampler_pipeline
from imblearn.under_sampling import RandomUnderSampler, TomekLinks
from numpy.testing import assert_array_equal
from scipy.stats import t as student_t
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneGroupOut,
    StratifiedKFold,
    StratifiedShuffleSplit,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import Bunch

from skgan_aug.classification import TorchCNNClassifier
from skgan_aug.comparison import (
    CELL_KEYS,
    SAMPLERS,
    LogitAdjustment,
    compare_samplers,
    make_samplers,
    paired_difference,
    paired_values,
    summarize_comparison,
)
from skgan_aug.comparison._answer import answer, standing_of
from skgan_aug.comparison._samplers import resample, set_training_steps
from skgan_aug.over_sampling import CycleGANOverSampler

CHEAP = ["none", "random", "smote"]
SECONDS = ("sampler_seconds", "classifier_seconds")


def make_vectors(counts=(40, 20, 12), seed=0):
    """Overlapping clouds: hard enough that seeds and samplers differ."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    return rng.normal(size=(len(y), 4)) + y[:, np.newaxis], y


def make_images(counts=(40, 20, 12), shape=(4, 5), seed=0):
    """Return uint8 images whose brightness tells the class."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts)
    noise = rng.integers(0, 40, (len(y), *shape))
    return (noise + 60 * y.reshape(-1, *[1] * len(shape))).astype(np.uint8), y


class NoisyCopies(RandomOverSampler):
    """Copies with noise in three columns."""

    def __init__(self, first_column=0, sampling_strategy="auto", random_state=None):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.first_column = first_column

    def _fit_resample(self, X, y):
        X_resampled, y_resampled = super()._fit_resample(X, y)
        added = X_resampled[len(X) :, self.first_column : self.first_column + 3]
        added += 3 * np.random.default_rng(self.random_state).normal(size=added.shape)
        return X_resampled, y_resampled


class Recorder(ClassifierMixin, BaseEstimator):
    """Predicts the first label it saw, and keeps what it was given."""

    records = []

    def __init__(self, max_epochs=7, batch_size=8, image_shape=None, random_state=None):
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.image_shape = image_shape
        self.random_state = random_state

    def fit(self, X, y):
        self.label_ = y[0]
        self.record_ = {"X": X, "y": y, **self.get_params()}
        return self

    def predict(self, X):
        self.records.append(self.record_ | {"X_test": X})
        return np.full(len(X), self.label_)


@pytest.fixture
def records(monkeypatch):
    monkeypatch.setattr(Recorder, "records", [])
    return Recorder.records


class Untrained(CycleGANOverSampler):
    """Adds nothing, and keeps what it was told and given."""

    seen = []

    def fit_resample(self, X, y):
        self.image_shape_ = None
        self.seen.append(self.get_params() | {"X": X})
        return X, y


@pytest.fixture
def seen(monkeypatch):
    monkeypatch.setattr(Untrained, "seen", [])
    return Untrained.seen


class FailingSampler(BaseEstimator):
    def fit_resample(self, X, y):
        raise RuntimeError("no luck\ntoday")


def test_cells_cover_everything_in_order():
    X, y = make_vectors()
    result = compare_samplers(
        X,
        y,
        samplers=["smote", "none"],
        classifier=DecisionTreeClassifier(),
        ratios=[1.0, 0.6],
        cv=3,
        n_seeds=2,
    )
    cells = list(zip(result.sampler, result.ratio, result.seed, result.fold, strict=True))
    draws = [(seed, fold) for seed in range(2) for fold in range(3)]
    expected = [("smote", ratio, *draw) for ratio in (0.6, 1.0) for draw in draws]
    assert cells[:12] == expected
    # Nothing is resampled, so there is nothing to repeat per ratio.
    assert [(name, *draw) for name, _, *draw in cells[12:]] == [("none", *d) for d in draws]
    assert np.isnan(result.ratio[12:]).all()
    assert {len(result[key]) for key in CELL_KEYS} == {18}
    assert result.recall.shape == (18, 3)
    assert result.classes.tolist() == [0, 1, 2]
    assert result.minority_classes.tolist() == [1, 2]
    assert (result.error == None).all()  # noqa: E711 (elementwise)


def test_perfect_and_constant_classifiers_have_known_scores():
    X, y = make_images()
    options = {"samplers": ["none"], "cv": 3, "n_seeds": 1}
    flatten = FunctionTransformer(lambda X: X.reshape(len(X), -1))
    perfect = compare_samplers(
        X, y, classifier=make_pipeline(flatten, KNeighborsClassifier(1)), **options
    )
    for score in ("balanced_accuracy", "macro_f1", "minority_recall"):
        assert_array_equal(perfect[score], 1)
    constant = compare_samplers(X, y, classifier=Recorder(), **options)
    np.testing.assert_allclose(constant.balanced_accuracy, 1 / 3)
    assert_array_equal(constant.minority_recall, 0)
    assert_array_equal(constant.recall, [[1, 0, 0]] * 3)


def test_a_class_without_test_rows_does_not_count():
    X, y = make_images()
    X = X.reshape(len(X), -1)
    there = y != 1
    result = compare_samplers(
        *(X, y),
        samplers=["none"],
        classifier=KNeighborsClassifier(1),
        test=(X[there], y[there]),
        n_seeds=1,
    )
    assert_array_equal(result.recall, [[1, np.nan, 1]])
    for score in ("balanced_accuracy", "macro_f1", "minority_recall"):
        assert result[score].tolist() == [1]


@pytest.mark.parametrize("cv", [3, GroupKFold(3)], ids=str)
def test_rows_of_a_group_are_never_on_both_sides(records, cv):
    X, y = make_vectors()
    groups = np.random.default_rng(0).integers(0, 9, len(y))
    X[:, 0] = groups
    compare_samplers(
        X, y, samplers=["none"], classifier=Recorder(), cv=cv, groups=groups, n_seeds=2
    )
    assert len(records) == 6
    for record in records:
        assert not set(record["X"][:, 0]) & set(record["X_test"][:, 0])


@pytest.mark.parametrize("n_groups", [3, 4])
def test_as_many_groups_as_folds_make_the_same_folds_for_every_seed(n_groups):
    """Seeds deal them out in another order, which is no new evidence."""
    rng = np.random.RandomState(0)
    groups = np.repeat(np.arange(n_groups), 30)
    y = np.tile(np.repeat([0, 1], [20, 10]), n_groups)
    X = rng.normal(size=(len(y), 4)) + y[:, None]
    options = {"samplers": ["none", "random"], "classifier": KNeighborsClassifier(3)}
    options |= {"groups": groups, "n_seeds": 6}
    shuffled = compare_samplers(X, y, cv=n_groups, **options)
    left_out = compare_samplers(X, y, cv=LeaveOneGroupOut(), **options)
    assert shuffled.folds_recur
    found, expected = (
        paired_difference(result, "random", "none") for result in (shuffled, left_out)
    )
    assert found.low == pytest.approx(expected.low)
    assert found.high == pytest.approx(expected.high)


def test_groups_that_cannot_be_folded():
    X, y = make_vectors()
    for groups, match in (
        (np.arange(len(y)) % 2, "cv=3 folds cannot be made of 2 groups. Give 2 to 2"),
        (np.zeros(len(y)), "made of 1 groups. Give test="),
        (np.arange(5), "inconsistent numbers"),
    ):
        with pytest.raises(ValueError, match=match):
            compare_samplers(X, y, cv=3, groups=groups)
    with pytest.raises(TypeError, match="groups cannot be used"):
        compare_samplers(X, y, cv=3, groups=np.where(y > 0, "patient", None))


def test_the_seconds_of_every_ratio_count_the_training(monkeypatch):
    X, y = make_images()
    samplers = {"cyclegan": CycleGANOverSampler(max_iter=1), "random": RandomOverSampler()}
    options = {"classifier": Recorder(), "cv": 2, "n_seeds": 1, "ratios": [0.6, 0.8, 1.0]}
    clock = SimpleNamespace(perf_counter=count().__next__)  # each step takes a second
    monkeypatch.setattr("skgan_aug.comparison._cell.time", clock)
    result = compare_samplers(X, y, samplers=samplers, **options)
    by_ratio = result.sampler_seconds.reshape(2, 3, 2)
    assert by_ratio[0].tolist() == [[1, 1], [2, 2], [3, 3]]
    assert (by_ratio[1] == 1).all()


def test_samplers_are_paired_and_reach_the_same_counts(records):
    X, y = make_images()
    result = compare_samplers(
        X, y, samplers=CHEAP, classifier=Recorder(), ratios=0.75, cv=2, n_seeds=2
    )
    assert result.error.tolist() == [None] * 12
    per_sampler = [records[start : start + 4] for start in range(0, 12, 4)]
    for none, *others in zip(*per_sampler, strict=True):
        assert Counter(none["y"].tolist()) == {0: 20, 1: 10, 2: 6}
        for other in others:
            assert Counter(other["y"].tolist()) == {0: 20, 1: 15, 2: 15}
            assert_array_equal(other["X"][: len(none["X"])], none["X"])
            assert_array_equal(other["X_test"], none["X_test"])
            assert other["random_state"] == none["random_state"]
    assert len({record["random_state"] for record in records}) == 2
    assert result.n_train.tolist() == [36] * 4 + [50] * 8


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (make_sampler_pipeline(SMOTE()), {0: 40, 1: 20, 2: 30}),
        (make_sampler_pipeline(make_sampler_pipeline(SMOTE())), {0: 40, 1: 20, 2: 30}),
        (SMOTETomek(), {0: 40, 1: 20, 2: 30}),
        (SMOTETomek(smote=SMOTE(), tomek=TomekLinks()), {0: 40, 1: 20, 2: 30}),
        (
            make_sampler_pipeline(SMOTE(), RandomUnderSampler(sampling_strategy={0: 9})),
            {0: 9, 1: 20, 2: 30},
        ),
    ],
    ids=["pipeline", "nested pipeline", "default SMOTE", "own SMOTE", "under-sampling after"],
)
def test_over_samplers_inside_others_fill_the_same_classes(sampler, expected, records):
    X, y = make_images()
    X[:, 0, 0] = 60 * y  # the classes lie apart: no links between them to remove
    result = compare_samplers(
        *(X, y),
        samplers={"s": sampler},
        classifier=Recorder(),
        ratios=0.75,
        rare=2,
        test=(X, y),
        n_seeds=1,
    )
    assert result.error.tolist() == [None]
    assert Counter(records[0]["y"].tolist()) == expected


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3)], ids=str)
def test_a_cyclegan_inside_a_pipeline_makes_what_it_makes_alone(shape, records):
    X, y = make_images(counts=(20, 8), shape=shape)
    alone = CycleGANOverSampler(max_iter=1)
    samplers = {"alone": alone, "inside": make_sampler_pipeline(alone)}
    options = {"classifier": Recorder(), "test": (X, y), "n_seeds": 1}
    compare_samplers(X, y, samplers=samplers, **options)
    of_alone, of_inside = (record["X"] for record in records)
    assert len(of_alone) == 40
    assert_array_equal(of_inside, of_alone)


def test_a_cyclegan_inside_a_pipeline_is_trained_once_for_all_ratios_on_all_jobs(seen):
    X, y = make_images()
    inside = make_sampler_pipeline(Untrained(), TomekLinks())
    options = {"classifier": Recorder(), "test": (X, y), "n_seeds": 1, "n_jobs": 2}
    compare_samplers(X, y, samplers={"s": inside}, ratios=[0.75, 1.0], **options)
    first, second = seen
    assert first["memory"] == second["memory"] is not None
    assert first["n_jobs"] == 2
    assert inside.memory is None


def test_images_come_back_in_shape_and_dtype(records):
    X, y = make_images(counts=(30, 12), shape=(3, 4, 2))
    # Differences of unsigned pixels would wrap around: levels between 100 and 200.
    X[y == 1] = np.where(np.arange(12) % 2, 100, 200).reshape(-1, 1, 1, 1)
    compare_samplers(
        X,
        y,
        samplers={"s": SMOTE(k_neighbors=7)},
        classifier=Recorder(),
        test=(X, y),
        n_seeds=1,
    )
    (record,) = records
    assert record["X"].dtype == np.uint8
    assert record["X"].shape == (60, 3, 4, 2)
    added = record["X"][len(X) :]
    assert added.min() >= 100
    assert added.max() <= 200
    assert ((added > 100) & (added < 200)).any()


class Adds(BaseEstimator):
    """Adds rows of one value each."""

    def __init__(self, values):
        self.values = values

    def fit_resample(self, X, y):
        rows = np.repeat(np.reshape(self.values, (-1, 1)), X.shape[1], axis=1)
        return np.concatenate([X, rows]), np.r_[y, np.full(len(rows), y[-1])]


def test_pixels_that_a_sampler_makes_are_rounded_and_clipped(records):
    X, y = make_images()
    sampler = Adds([-3.0, 0.6, 7.4, 254.6, 300.0])
    options = {"classifier": Recorder(), "test": (X, y), "n_seeds": 1}
    compare_samplers(X, y, samplers={"s": sampler}, **options)
    added = records[0]["X"][len(X) :]
    assert added.dtype == np.uint8
    assert added[:, 0, 0].tolist() == [0, 1, 7, 255, 255]


def test_what_samplers_and_classifier_were_told_stays(records, seen):
    X, y = make_images()
    told = {"image_shape": (5, 4), "memory": "kept", "n_jobs": 1}
    compare_samplers(
        *(X.reshape(len(X), -1), y),
        samplers={"s": Untrained(**told)},
        classifier=Recorder(image_shape=(5, 4)),
        ratios=[0.75, 1.0],
        image_shape=(4, 5),
        cv=2,
        n_seeds=1,
        n_jobs=2,
    )
    assert len(seen) == 4
    assert all(params.items() >= told.items() for params in seen)
    assert records[0]["image_shape"] == (5, 4)


def test_given_test_split_is_never_resampled(records):
    X, y = make_vectors()
    X_test, y_test = make_vectors(counts=(5, 5, 5), seed=1)
    result = compare_samplers(
        X, y, samplers=CHEAP, classifier=Recorder(), test=(X_test, y_test), n_seeds=2
    )
    assert result.fold.tolist() == [0] * 6
    for record in records:
        assert_array_equal(record["X_test"], X_test)


def test_folds_partition_the_data(records):
    X, y = make_vectors()
    compare_samplers(X, y, samplers=["random"], classifier=Recorder(), cv=3, n_seeds=2)
    for folds in (records[:3], records[3:]):
        tested = np.concatenate([fold["X_test"] for fold in folds])
        assert_array_equal(np.sort(tested, axis=0), np.sort(X, axis=0))
    assert not np.array_equal(records[0]["X_test"], records[3]["X_test"])


def test_rare_classes_are_drawn_anew_per_seed_in_the_training_part_only(records):
    X, y = make_vectors(counts=(40, 39, 38))
    result = compare_samplers(
        X,
        y,
        samplers=["none", "random"],
        classifier=Recorder(),
        test=(X, y),
        n_seeds=3,
        rare=[2],
        rare_count=10,
    )
    assert result.minority_classes.tolist() == [2]
    for record in records[:3]:
        assert Counter(record["y"].tolist()) == {0: 40, 1: 39, 2: 10}
        assert len(record["X_test"]) == len(X)
    # Class 1 has fewer rows than class 0, but it was not named rare.
    for record in records[3:]:
        assert Counter(record["y"].tolist()) == {0: 40, 1: 39, 2: 40}
    draws = {record["X"][record["y"] == 2].tobytes() for record in records[:3]}
    assert len(draws) == 3


def test_rare_classes_keep_all_rows_without_a_count(records):
    X, y = make_vectors()
    options = {"classifier": Recorder(), "test": (X, y), "n_seeds": 1}
    result = compare_samplers(X, y, samplers=["none", "random"], rare=2, **options)
    assert result.minority_classes.tolist() == [2]
    plain, resampled = (Counter(record["y"].tolist()) for record in records)
    assert plain == {0: 40, 1: 20, 2: 12}
    assert resampled == {0: 40, 1: 20, 2: 40}


def test_every_sampler_gets_the_same_number_of_steps(records):
    X, y = make_vectors()
    options = {"samplers": ["none", "random"], "test": (X, y), "n_seeds": 1}
    compare_samplers(X, y, classifier=Recorder(), classifier_steps=90, **options)
    for record in records:
        steps_per_epoch = np.ceil(len(record["y"]) / record["batch_size"])
        assert abs(record["max_epochs"] * steps_per_epoch - 90) <= steps_per_epoch / 2
    assert records[0]["max_epochs"] == 10
    assert records[1]["max_epochs"] == 6

    compare_samplers(X, y, classifier=Recorder(), classifier_steps=95, **options)
    assert records[-2]["max_epochs"] == 11  # of 9 steps: 10.6
    compare_samplers(X, y, classifier=Recorder(), classifier_steps=1, **options)
    assert records[-1]["max_epochs"] == 1
    pipeline = make_pipeline(FunctionTransformer(), Recorder())
    compare_samplers(X, y, classifier=pipeline, classifier_steps=90, **options)
    assert records[-1]["max_epochs"] == 6
    assert records[-1]["random_state"] is not None
    compare_samplers(X, y, classifier=Recorder(), classifier_steps=None, **options)
    assert records[-1]["max_epochs"] == 7


@pytest.mark.parametrize(("n_rows", "n_steps"), [(40, 7), (40, 13), (40, 2), (60, 10)])
def test_many_rows_end_within_an_epoch(n_rows, n_steps):
    """Whole epochs of 5 or 8 batches would be more than 15% off."""
    classifier = TorchCNNClassifier(batch_size=8, device="cpu", random_state=0)
    set_training_steps(classifier, n_rows, n_steps)
    X = np.random.RandomState(0).normal(size=(n_rows, 3))
    classifier.fit(X, np.arange(n_rows) % 2)
    n_batches = [len(epoch["batches"]) for epoch in classifier.history_]
    assert n_batches[:-1] == [len(X) // 8 + (len(X) % 8 > 0)] * (len(n_batches) - 1)
    assert sum(n_batches) == n_steps


def test_whole_epochs_where_they_are_near_enough_or_others_unknown():
    for classifier, n_steps, expected in (
        (TorchCNNClassifier(batch_size=8), 23, 5),
        (TorchCNNClassifier(batch_size=8), 7, 1.4),
        (Recorder(batch_size=8), 7, 1),
        (make_pipeline(TorchCNNClassifier(batch_size=8)), 7, 1.4),
        (make_pipeline(Recorder(batch_size=8)), 7, 1),
    ):
        set_training_steps(classifier, 40, n_steps)
        (epochs,) = (v for k, v in classifier.get_params().items() if k.endswith("max_epochs"))
        assert epochs == expected


def test_rows_with_image_shape_reach_the_classifier(records):
    X, y = make_images()
    compare_samplers(
        X.reshape(len(X), -1),
        y,
        samplers=["smote"],
        classifier=Recorder(),
        image_shape=(4, 5),
        cv=2,
        n_seeds=1,
    )
    assert records[0]["image_shape"] == (4, 5)
    assert records[0]["X"].ndim == 2


def test_a_failing_sampler_leaves_a_reason_and_the_others_go_on():
    X, y = make_vectors()
    # ADASYN finds nothing to add where no rare row has a neighbour of another class.
    X += 100 * y[:, np.newaxis]
    result = compare_samplers(
        X,
        y,
        samplers={"failing": FailingSampler(), **make_samplers(["adasyn", "random"])},
        classifier=DecisionTreeClassifier(),
        cv=2,
        n_seeds=1,
    )
    assert result.error[:2].tolist() == ["RuntimeError: no luck today"] * 2
    assert "ADASYN is not suited" in result.error[2]
    for score in ("balanced_accuracy", "macro_f1", "minority_recall", "recall"):
        assert np.isnan(result[score][:4]).all()
        assert np.isfinite(result[score][4:]).all()
    assert result.n_train.tolist() == [0, 0, 0, 0, 60, 60]
    failing, _, random = summarize_comparison(result)
    assert (failing["n_failed"], failing["error"]) == (2, "RuntimeError: no luck today")
    assert np.isnan(failing["seconds"])
    assert (random["n_failed"], random["error"]) == (0, None)


def test_samplers_that_all_fail_are_no_fault_of_the_classifier():
    X, y = make_vectors()
    result = compare_samplers(
        *(X, y),
        samplers={"failing": FailingSampler()},
        classifier=make_pipeline(DecisionTreeClassifier()),
        test=(X, y),
        n_seeds=1,
    )
    assert result.error.tolist() == ["RuntimeError: no luck today"]


def test_errors_of_the_classifier_are_raised():
    X, y = make_vectors()
    with pytest.raises(ValueError, match="constant target value"):
        compare_samplers(
            X,
            y,
            samplers=["none"],
            classifier=DummyClassifier(strategy="constant", constant=9),
        )
    # One that holds a sampler is not tried first.
    constant = DummyClassifier(strategy="constant", constant=9)
    inside = make_sampler_pipeline(RandomOverSampler(), constant)
    with pytest.raises(ValueError, match=r"failed wherever it was trained.* constant target"):
        compare_samplers(X, y, samplers=["none", "random"], classifier=inside, cv=2, n_seeds=1)


def test_a_classifier_that_fails_once_leaves_a_reason_and_the_others_go_on():
    X, y = make_vectors()
    result = compare_samplers(
        *(X, y),
        samplers=["random", "none"],
        classifier=CalibratedClassifierCV(KNeighborsClassifier(1), cv=5),
        rare=2,
        rare_count=4,
        test=(X, y),
        n_seeds=1,
    )
    assert result.error[0] is None
    assert "5-fold" in result.error[1]
    assert result.n_train.tolist() == [100, 64]
    for key in ("balanced_accuracy", "macro_f1", "minority_recall", "classifier_seconds"):
        assert np.isfinite(result[key]).tolist() == [True, False]


def test_settings_tell_what_was_compared():
    X, y = make_vectors()
    result = compare_samplers(
        *(X, y),
        samplers={"none": None, "smote": SMOTE(k_neighbors=3)},
        classifier=DecisionTreeClassifier(max_depth=3),
        ratios=[0.5, 1.0],
        rare=2,
        rare_count=6,
        cv=2,
        n_seeds=2,
        random_state=np.int64(7),
    )
    settings = result.settings
    assert settings["random_state"] == 7
    assert settings["samplers"] == {"none": None, "smote": "SMOTE(k_neighbors=3)"}
    assert settings["classifier"] == "DecisionTreeClassifier(max_depth=3)"
    assert settings["ratios"] == [0.5, 1.0]
    assert settings["train_counts"] == {0: 20, 1: 10, 2: 6}
    assert (settings["n_test"], settings["n_folds"]) == (36, 2)
    seeds = np.random.RandomState(7).randint(np.iinfo(np.int32).max, size=2)
    assert settings["seeds"] == seeds.tolist()
    assert settings["precision"] == "float32"  # of vectors, wherever
    assert {"skgan_aug", "python", "torch"} <= result.versions.keys()
    assert result.translations == {}


@pytest.mark.parametrize("is_flat", [False, True])
def test_what_auto_takes_is_told(monkeypatch, is_flat):
    has = {"amx_bf16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    X, y = make_images(shape=(8, 8))
    X, shape = (X.reshape(len(X), -1), (8, 8)) if is_flat else (X, None)
    options = {"classifier": DummyClassifier(), "cv": 2, "n_seeds": 1, "image_shape": shape}
    result = compare_samplers(X, y, samplers=["none"], **options)
    found = result.settings["device"], result.settings["precision"]
    assert found == ("cpu", "bfloat16")


def test_translations_of_the_first_draw_are_kept():
    X, y = make_images(shape=(8, 8))
    sampler = CycleGANOverSampler(max_iter=1)
    options = {"classifier": DummyClassifier(), "cv": 2, "n_seeds": 1, "ratios": [0.4, 1.0]}
    result = compare_samplers(X, y, samplers={"ours": sampler}, **options)
    assert {target for _, target in result.translations["ours"]} == {1, 2}
    for triples in result.translations["ours"].values():
        assert [images.shape for images in triples] == [(6, 8, 8)] * 3
    vectors, y = make_vectors()
    assert not compare_samplers(vectors, y, samplers={"ours": sampler}, **options).translations


def test_translations_of_each_sampler_are_kept_by_its_name():
    X, y = make_images(shape=(8, 8))
    samplers = {
        "copies": CycleGANOverSampler(synthetic_fraction=0.0),
        "from 0": CycleGANOverSampler(source=0, max_iter=1),
        "from 1": CycleGANOverSampler(source={2: 1}, max_iter=1),
    }
    result = compare_samplers(
        X, y, samplers=samplers, classifier=DummyClassifier(), cv=2, n_seeds=1, rare=2
    )
    pairs = {name: list(examples) for name, examples in result.translations.items()}
    assert pairs == {"from 0": [(0, 2)], "from 1": [(1, 2)]}


def test_what_is_shown_and_told_is_of_the_first_draw():
    X, y = make_images(shape=(8, 8))
    first, second = np.arange(72) % 3 > 0, np.arange(72) % 3 < 1
    folds = [(np.flatnonzero(train), np.flatnonzero(~train)) for train in (first, second)]
    result = compare_samplers(
        *(X, y),
        samplers={"ours": CycleGANOverSampler(max_iter=1)},
        classifier=DummyClassifier(),
        cv=folds,
        n_seeds=1,
    )
    real = {image.tobytes() for image in X[first]}
    for sources, _, nearest in result.translations["ours"].values():
        assert {image.tobytes() for image in (*sources, *nearest)} <= real
    counts = np.bincount(y[first]).tolist()
    assert list(result.settings["train_counts"].values()) == counts
    assert result.settings["n_test"] == 72 - sum(counts)


def test_a_fold_where_no_class_gains_does_not_end_the_comparison():
    X, y = make_vectors()
    balanced = np.r_[0:10, 40:50, 60:70]
    folds = [(balanced, np.arange(10, 40)), (np.arange(72), balanced)]
    options = {"samplers": ["random", "smote"], "classifier": Recorder(), "n_seeds": 1}
    result = compare_samplers(X, y, cv=folds, **options)
    assert result.n_train.tolist() == [30, 120] * 2
    assert result.minority_classes.tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"no class gains any rows: name other classes"):
        compare_samplers(X, y, rare=0, **options)


def test_booleans_are_over_sampled_as_zeros_and_ones():
    X, y = make_images()
    X = X > 100
    options = {"classifier": Recorder(), "n_seeds": 1, "cv": 2}
    result = compare_samplers(X, y, samplers=["random", "smote"], **options)
    assert (result.error == None).all()  # noqa: E711
    X_resampled, _ = resample(SMOTE(random_state=0), X, y)
    assert X_resampled.dtype == bool
    assert np.array_equal(X_resampled[: len(X)], X)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_the_largest_integers_stay_large(dtype):
    """Their limit, as a float, is one too many."""
    limit = np.iinfo(dtype).max
    X, y = np.full((6, 2, 2), limit), np.repeat([0, 1], [4, 2])
    X_resampled, _ = resample(RandomOverSampler(random_state=0), X, y)
    assert X_resampled.dtype == dtype
    assert (X_resampled > limit - 10_000).all()


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"ratio": 0.7}, r"ratio=0\.7 was not compared. Choose among \[1\.0\]"),
        ({"score": "accuracy"}, "score='accuracy' is unknown"),
        ({"confidence": 95}, "confidence=95 is not between 0 and 1"),
        ({"sampler": "smote"}, "'smote' was not compared"),
    ],
    ids=str,
)
def test_differences_of_what_was_not_compared_are_refused(wrong, match):
    X, y = make_vectors()
    options = {"samplers": ["random", "none"], "classifier": Recorder(), "n_seeds": 1}
    result = compare_samplers(X, y, cv=2, **options)
    with pytest.raises(ValueError, match=match):
        paired_difference(result, **{"sampler": "random", "baseline": "none"} | wrong)


@pytest.mark.filterwarnings("error")
def test_samplers_that_add_nothing_can_be_compared():
    X, y = make_vectors()
    options = {"classifier": Recorder(), "n_seeds": 1, "cv": 3}
    result = compare_samplers(X, y, samplers={"a": None, "b": None}, **options)
    assert paired_difference(result, "a", "b").mean == 0


def test_minority_classes_gain_rows_at_the_largest_ratio():
    X, y = make_vectors()
    options = {"classifier": DecisionTreeClassifier(), "test": (X, y), "n_seeds": 1}
    result = compare_samplers(X, y, samplers=["random"], ratios=[0.4, 1.0], **options)
    assert result.minority_classes.tolist() == [1, 2]  # at 0.4, class 2 alone


def test_of_classes_of_one_size_none_is_rare_whatever_folds_make_of_it():
    X, y = make_vectors((42, 43, 43, 43, 12))
    options = {"classifier": DecisionTreeClassifier(), "cv": 5, "n_seeds": 1}
    result = compare_samplers(X, y, samplers=["random"], **options)
    assert result.minority_classes.tolist() == [0, 4]
    assert_array_equal(result.minority_recall, result.recall[:, [0, 4]].mean(axis=1))


def test_callback_sees_every_cell():
    X, y = make_vectors()
    cells = []
    result = compare_samplers(
        X,
        y,
        samplers=CHEAP,
        classifier=DecisionTreeClassifier(),
        cv=2,
        n_seeds=1,
        ratios=[0.7, 1],
        callback=cells.append,
    )
    seen = sorted((cell["sampler"], cell["balanced_accuracy"]) for cell in cells)
    kept = zip(result.sampler.tolist(), result.balanced_accuracy.tolist(), strict=True)
    assert seen == sorted(kept)
    assert len(cells) == 10


def test_same_result_for_the_same_seed_and_any_number_of_jobs():
    X, y = make_vectors()

    def compare(**options):
        options = {"samplers": CHEAP, "cv": 2, "n_seeds": 2} | options
        return compare_samplers(X, y, classifier=DecisionTreeClassifier(), **options)

    first, again, parallel = compare(), compare(), compare(n_jobs=2)
    for key in first.keys() - set(SECONDS):
        assert_array_equal(first[key], again[key])
        assert_array_equal(first[key], parallel[key])
    other = compare(random_state=1)
    assert not np.array_equal(first.balanced_accuracy, other.balanced_accuracy)


def test_global_random_state_is_left_alone():
    X, y = make_vectors()
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    compare_samplers(
        X, y, samplers=CHEAP, classifier=DecisionTreeClassifier(), rare=2, rare_count=6, cv=2
    )
    assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(
    "container", [list, lambda y: pd.Series(y, dtype=object), lambda y: np.array(y, dtype=str)]
)
def test_string_labels_and_frames(container):
    X, y = make_vectors()
    names = container([f"class {label}" for label in y])
    options = {"samplers": ["random"], "cv": 2, "n_seeds": 1}
    tree = DecisionTreeClassifier()
    named = compare_samplers(pd.DataFrame(X), names, classifier=tree, **options)
    plain = compare_samplers(X, y, classifier=tree, **options)
    assert_array_equal(named.recall, plain.recall)
    assert named.classes.tolist() == ["class 0", "class 1", "class 2"]
    assert named.minority_classes.tolist() == ["class 1", "class 2"]


def test_frames_of_sparse_columns():
    X, y = make_vectors()
    X[X < 0] = 0
    options = {"samplers": ["smote"], "classifier": DecisionTreeClassifier(), "n_seeds": 1}
    sparse = pd.DataFrame(X).astype(pd.SparseDtype(float, 0.0))
    results = [compare_samplers(rows, y, test=(rows, y), **options) for rows in (X, sparse)]
    assert_array_equal(*(result.recall for result in results))


def test_two_classes():
    X, y = make_vectors(counts=(40, 14))
    result = compare_samplers(
        X,
        y,
        samplers=["smote"],
        classifier=DecisionTreeClassifier(),
        ratios=0.5,
        cv=2,
        n_seeds=1,
    )
    assert result.n_train.tolist() == [30, 30]
    assert result.minority_classes.tolist() == [1]


def test_cyclegan_reaches_the_planned_counts_whichever_ratios_share_its_training():
    X, y = make_images(counts=(30, 29, 28), shape=(8, 8))
    options = {
        "samplers": {"cyclegan": CycleGANOverSampler(max_iter=2, selection=None)},
        "classifier": TorchCNNClassifier(),
        "classifier_steps": 4,
        "test": make_images(counts=(6, 6, 6), shape=(8, 8), seed=1),
        "n_seeds": 1,
        "rare": [1, 2],
        "rare_count": 8,
    }
    both = compare_samplers(X, y, ratios=[0.5, 1.0], **options)
    assert both.error.tolist() == [None, None]
    assert both.n_train.tolist() == [60, 90]
    alone = compare_samplers(X, y, ratios=1.0, **options)
    assert_array_equal(both.recall[1], alone.recall[0])


def test_cyclegan_takes_rows_with_an_image_shape():
    X, y = make_images(counts=(20, 8), shape=(8, 8))
    result = compare_samplers(
        X.reshape(len(X), -1),
        y,
        samplers={"cyclegan": CycleGANOverSampler(max_iter=1)},
        classifier_steps=2,
        image_shape=(8, 8),
        cv=2,
        n_seeds=1,
    )
    assert result.error.tolist() == [None, None]
    assert result.n_train.tolist() == [20, 20]


def test_a_sampler_may_answer_with_a_frame():
    X, y = make_vectors()
    twice = FunctionSampler(func=lambda X, y: (pd.DataFrame(np.r_[X, X]), np.r_[y, y]))
    result = compare_samplers(
        X, y, samplers={"twice": twice}, classifier=Recorder(), cv=2, n_seeds=1
    )
    assert result.error.tolist() == [None, None]
    assert result.n_train.tolist() == [72, 72]


def test_make_samplers():
    assert list(make_samplers()) == list(SAMPLERS)
    assert list(make_samplers("random")) == ["random"]
    own = {"mine": RandomOverSampler(), "nothing": None}
    assert make_samplers(own) == own


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"samplers": ["smoet"]},
            "samplers names 'smoet'.*Choose among none, logit_adjustment",
        ),
        ({"samplers": []}, "samplers is empty"),
        ({"samplers": {"tree": DecisionTreeClassifier()}}, "has no fit_resample"),
        ({"samplers": {"smote": SMOTE}}, r"=SMOTE is a class. Give an instance"),
        ({"samplers": {"links": make_sampler_pipeline(TomekLinks())}}, "only removes rows"),
        (
            {"samplers": {"scaled": make_sampler_pipeline(StandardScaler(), SMOTE())}},
            "holds StandardScaler, which would change the rows that are trained on and not",
        ),
        ({"samplers": {"SMOTE": None, "smote": SMOTE()}}, "are both shown as 'SMOTE'"),
        ({"ratios": []}, "ratios is empty"),
        ({"ratios": [0.5, 1.5]}, "ratios holds 1.5"),
        ({"ratios": ["1"]}, "ratios holds '1'"),
        ({"ratios": 0.1}, "ratios holds 0.1, at which no class gains any rows"),
        ({"rare_count": 5}, "rare_count is given without rare"),
        ({"rare": [7], "rare_count": 5}, "rare names class 7"),
        ({"rare": [7]}, "rare names class 7"),
        ({"rare": [2], "rare_count": 500}, "rare_count=500, but class 2"),
        ({"n_seeds": 0}, "n_seeds=0"),
        ({"classifier_steps": 0.5}, "classifier_steps=0.5"),
        ({"cv": 1}, "cv=1 folds"),
        ({"cv": 13}, "class 2 has 12 images"),
        ({"test": np.zeros(3)}, "test must be a tuple"),
        ({"test": (np.zeros((2, 3)), [0, 1])}, "X_test of test holds float64 of shape"),
        ({"test": (np.zeros((2, 4), dtype=int), [0, 1])}, "X_test of test holds int64"),
        ({"test": (np.zeros((2, 4)), [0, 5])}, "y_test of test holds class 5"),
    ],
)
def test_bad_arguments_are_refused_before_any_work(options, message, records):
    X, y = make_vectors()
    options = {"samplers": ["random"], "classifier": Recorder()} | options
    with pytest.raises(ValueError, match=message):
        compare_samplers(X, y, **options)
    assert records == []


def test_what_cannot_learn_or_be_called_is_refused_before_any_work(records):
    X, y = make_images()
    own = {"mine": RandomOverSampler(), "nothing": None}
    remedy = re.escape(f"wants X.reshape(len(X), -1) and image_shape={X.shape[1:]}")
    with pytest.raises(ValueError, match=rf"failed on 30 rows of X .*{remedy}.* dim 3"):
        compare_samplers(X, y, samplers=own, classifier=DecisionTreeClassifier())
    with pytest.raises(ValueError, match=r"classifier failed on 30 rows of X .* dim 3"):
        compare_samplers(
            X, y, samplers=own, classifier=make_pipeline(StandardScaler(), Recorder())
        )
    with pytest.raises(TypeError, match=r"classifier=<class .* is no classifier"):
        compare_samplers(X, y, samplers=own, classifier=Recorder)
    with pytest.raises(TypeError, match="callback=3 cannot be called"):
        compare_samplers(X, y, samplers=own, classifier=Recorder(), callback=3)
    train, test = np.arange(10), np.arange(30, 72)
    with pytest.raises(ValueError, match="cv leaves a single class to train on in fold 0"):
        compare_samplers(X, y, samplers=own, classifier=Recorder(), cv=[(train, test)])
    assert records == []


class Demanding(DecisionTreeClassifier):
    """Learns from 25 rows or more."""

    def fit(self, X, y):
        if len(X) < 25:
            raise ValueError("too few rows")
        return super().fit(X, y)


def test_a_classifier_may_need_more_rows_than_it_is_tried_on_first():
    X, y = make_vectors((30, 24))
    result = compare_samplers(
        X, y, samplers=["random"], classifier=Demanding(), cv=2, n_seeds=1
    )
    assert result.error.tolist() == [None, None]


def test_what_is_masked_is_refused(records):
    X, y = make_vectors()
    options = {"samplers": ["none"], "classifier": Recorder()}
    for rows, labels, groups, match in (
        (np.ma.masked_greater(X, 2), y, None, "^X has masked values"),
        (X, np.ma.masked_equal(y, 2), None, "^y has masked values"),
        (X, y, np.ma.masked_equal(y, 2), "^groups has masked values"),
    ):
        with pytest.raises(ValueError, match=match):
            compare_samplers(rows, labels, groups=groups, **options)
    test = (np.ma.masked_greater(X, 2), y)
    with pytest.raises(ValueError, match=r"^X_test of test has masked values"):
        compare_samplers(X, y, test=test, **options)
    assert records == []


def test_parts_may_be_masks():
    X, y = make_vectors()
    parts = list(StratifiedKFold(3).split(X, y))
    masks = [tuple(np.isin(range(len(y)), part) for part in fold) for fold in parts]
    options = {"samplers": ["random"], "classifier": DecisionTreeClassifier(), "n_seeds": 1}
    results = [
        compare_samplers(X, y, cv=cv, rare=2, rare_count=5, **options) for cv in (parts, masks)
    ]
    assert_array_equal(*(result.recall for result in results))
    assert results[0].test_train_ratio == results[1].test_train_ratio


def test_a_fold_that_lacks_a_rare_class_is_named():
    X, y = make_vectors()
    train, test = np.flatnonzero(y < 2), np.flatnonzero(y == 2)
    with pytest.raises(ValueError, match="In the training part of fold 0: rare names class 2"):
        compare_samplers(X, y, cv=[(train, test)], rare=2, rare_count=5, classifier=Recorder())


def test_a_class_that_gains_nothing_does_not_lack_neighbours():
    X, y = make_vectors((40, 6, 3))
    result = compare_samplers(
        *(X, y),
        samplers={"smote": SMOTE(k_neighbors=7)},
        classifier=DecisionTreeClassifier(),
        rare=1,
        test=(X, y),
        n_seeds=1,
    )
    assert result.error[0].endswith(
        "Class 1 has 6 rows to train on, and k_neighbors=7 needs 8."
    )


def test_a_test_frame_with_other_columns_is_refused(records):
    X, y = make_vectors()
    frame = pd.DataFrame(X, columns=list("abcd"))
    options = {"samplers": ["none"], "classifier": Recorder(), "n_seeds": 1}
    with pytest.raises(ValueError, match=r"X_test of test has the columns \['d', 'a'"):
        compare_samplers(frame, y, test=(frame[list("dabc")], y), **options)
    assert records == []
    for X_test in (frame, X):
        compare_samplers(frame, y, test=(X_test, y), **options)


def test_a_class_that_has_enough_in_some_folds_stays_as_it_is_there():
    X, y = make_vectors((50, 24))
    result = compare_samplers(
        X, y, samplers=["random"], classifier=DecisionTreeClassifier(), ratios=0.5, n_seeds=1
    )
    assert set(result.error) == {None}
    assert sorted(result.n_train.tolist()) == [60, 60, 60, 60, 60]


def test_bad_data_is_refused():
    X, y = make_vectors()
    tree = DecisionTreeClassifier()
    with pytest.raises(ValueError, match="single class"):
        compare_samplers(X, np.zeros(len(X), dtype=int), classifier=tree)
    with pytest.raises(ValueError, match="X contains NaN"):
        compare_samplers(np.where(X > 1, np.nan, X), y, classifier=tree)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare_samplers(X, y[:-1], classifier=tree)
    with pytest.raises(ValueError, match="y must hold class labels"):
        compare_samplers(X, y / 2, classifier=tree)
    with pytest.raises(ValueError, match="y holds strings and other labels"):
        compare_samplers(X, np.array([0, "1", 2], dtype=object)[y], classifier=tree)
    with pytest.raises(ValueError, match="y holds strings and other labels"):
        compare_samplers(X, ["0"] * 40 + [1] * 32, classifier=tree)
    with pytest.raises(ValueError, match="y has 12 missing labels"):
        compare_samplers(X, np.array(["a", "b", pd.NA], dtype=object)[y], classifier=tree)
    with pytest.raises(ValueError, match="y has 12 missing labels"):
        compare_samplers(X, np.array(["a", "b", np.nan], dtype=object)[y], classifier=tree)
    with pytest.raises(ValueError, match="y_test of test has 1 missing labels"):
        compare_samplers(X, y.astype(str), test=(X[:2], ["1", None]), classifier=tree)
    with pytest.raises(ValueError, match=r"X cannot be used: .*inhomogeneous"):
        compare_samplers([np.zeros((2, 2 + label)) for label in y], y, classifier=tree)
    with pytest.raises(ValueError, match=r"ratios holds 0\.2, at which no class gains"):
        compare_samplers(X[:60], y[:60], classifier=tree, ratios=0.2)


def make_result(*, test_train_ratio=0.0, **scores):
    """Return a comparison with the given balanced accuracies, one per seed."""
    n_seeds = len(next(iter(scores.values())))
    n_cells = n_seeds * len(scores)
    values = np.concatenate(list(scores.values()))
    failed = np.isnan(values)
    return Bunch(
        sampler=np.repeat(list(scores), n_seeds),
        ratio=np.where(np.repeat(list(scores), n_seeds) == "none", np.nan, 1.0),
        seed=np.tile(np.arange(n_seeds), len(scores)),
        fold=np.zeros(n_cells, dtype=int),
        balanced_accuracy=values,
        macro_f1=values / 2,
        minority_recall=values / 4,
        sampler_seconds=np.full(n_cells, 2.0),
        classifier_seconds=np.where(failed, np.nan, 3.0),
        error=np.where(failed, "failed", None),
        test_train_ratio=test_train_ratio,
        folds_recur=False,
    )


def test_scores_that_differ_by_rounding_alone_are_the_same():
    result = make_result(none=[0.3, 0.3, 0.3], smote=[0.1 + 0.2] * 3)
    difference = paired_difference(result, "smote", "none")
    assert (difference.mean, difference.low, difference.high) == (0, 0, 0)


def test_paired_values_are_of_runs_in_which_both_ran():
    result = make_result(none=[0.2, 0.4, 0.6], smote=[0.5, np.nan, 0.7])
    ours, theirs = paired_values(result, "smote", "none", key="sampler_seconds")
    assert len(ours) == len(theirs) == 2


def test_summary_has_means_and_standard_deviations():
    none, smote = summarize_comparison(
        make_result(none=[0.2, 0.4, 0.6], smote=[0.5, np.nan, 0.7])
    )
    assert none["sampler"] == "none"
    assert np.isnan(none["ratio"])
    assert none["balanced_accuracy"] == pytest.approx(0.4)
    assert none["balanced_accuracy_sd"] == pytest.approx(0.2)
    assert none["macro_f1"] == pytest.approx(0.2)
    assert none["minority_recall_sd"] == pytest.approx(0.05)
    assert none["seconds"] == pytest.approx(5)
    assert smote["balanced_accuracy"] == pytest.approx(0.6)
    assert (smote["n_cells"], smote["n_failed"], smote["error"]) == (3, 1, "failed")


def test_of_several_errors_the_summary_has_the_first():
    result = make_result(smote=[np.nan, 0.5, np.nan])
    result.error[[0, 2]] = "first", "last"
    (row,) = summarize_comparison(result)
    assert row["error"] == "first"


def test_one_cell_has_no_standard_deviation():
    (row,) = summarize_comparison(make_result(none=[0.2]))
    assert row["balanced_accuracy"] == 0.2
    assert np.isnan(row["balanced_accuracy_sd"])


def test_paired_difference_is_students():
    result = make_result(none=[0.1, 0.2, 0.3], smote=[0.2, 0.4, 0.6])
    difference = paired_difference(result, "smote", "none")
    # Differences 0.1, 0.2, 0.3: mean 0.2, t(0.975, 2) = 4.3027, standard error 0.1 / sqrt(3).
    assert difference.mean == pytest.approx(0.2)
    assert difference.high - difference.mean == pytest.approx(4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert difference.mean - difference.low == pytest.approx(4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert difference.n_pairs == 3


def test_one_difference_again_and_again_has_no_interval():
    result = make_result(none=[0.1, 0.3, 0.5], smote=[0.3, 0.5, 0.1 + 0.2 + 0.4])
    difference = paired_difference(result, "smote", "none")
    assert difference.is_repeated
    assert difference.mean == pytest.approx(0.2)
    assert np.isnan([difference.low, difference.high]).all()
    assert not paired_difference(result, "smote", "smote").is_repeated
    assert not paired_difference(
        make_result(none=[0.1], smote=[0.2]), "smote", "none"
    ).is_repeated


def make_recurring(*gains):
    """Two samplers on folds that every seed has: ``gains``, fold by fold, for each seed."""
    n_seeds, n_folds = np.shape(gains)
    result = make_result(none=[0.5] * n_seeds * n_folds, smote=0.5 + np.ravel(gains))
    result.seed = np.tile(np.repeat(np.arange(n_seeds), n_folds), 2)
    result.fold = np.tile(np.arange(n_folds), 2 * n_seeds)
    result.folds_recur = True
    return result


def test_folds_that_recur_with_one_mean_have_no_interval():
    result = make_recurring([0.1, 0.3, 0.2], [0.3, 0.1, 0.2])
    difference = paired_difference(result, "smote", "none")
    assert (difference.mean, difference.n_pairs) == (pytest.approx(0.2), 6)
    assert difference.is_repeated
    assert np.isnan([difference.low, difference.high]).all()
    sentence = answer(result, "smote", ["none"], score="balanced_accuracy")
    assert "too few different folds" in sentence
    assert "(+20.0 points in each fold, on average)" in sentence


def test_means_of_folds_that_differ_by_rounding_alone_are_the_same():
    result = make_recurring([0.1, 0.2, 0.3], [0.2, 0.2, 0.2], [0.3, 0.2, 0.1])
    assert paired_difference(result, "smote", "none").is_repeated


def test_the_interval_is_about_the_mean_of_folds_that_recur():
    result = make_recurring([0.0, 0.0, 0.3], [0.0, np.nan, 0.3], [0.0, np.nan, 0.3])
    result.error = np.where(np.isnan(result.balanced_accuracy), "failed", None)
    difference = paired_difference(result, "smote", "none")
    assert difference.mean == pytest.approx(0.1)
    assert difference.low + difference.high == pytest.approx(0.2)
    assert difference.n_pairs == 7
    row = summarize_comparison(result)[1]
    assert row["balanced_accuracy"] == pytest.approx(0.6)
    known = result.balanced_accuracy[9:][~np.isnan(result.balanced_accuracy[9:])]
    assert row["balanced_accuracy_sd"] == pytest.approx(known.std(ddof=1))


def test_a_score_that_is_always_the_same_has_no_interval():
    rows = summarize_comparison(make_result(none=[0.75] * 6, smote=[0.7, 0.8] * 3))
    assert np.isnan(rows[0]["balanced_accuracy_interval"])
    assert rows[1]["balanced_accuracy_interval"] > 0


class Reshuffled:
    """The same folds for every seed, the rows of each in another order."""

    def __init__(self):
        self.rng = np.random.RandomState(0)

    def split(self, X, y=None, groups=None):
        for test in np.array_split(np.arange(len(X)), self.get_n_splits()):
            yield np.setdiff1d(np.arange(len(X)), test), self.rng.permutation(test)

    def get_n_splits(self, X=None, y=None, groups=None):
        return 3


def test_the_order_of_rows_makes_no_other_folds():
    X, y = make_vectors()
    order = np.random.RandomState(0).permutation(len(X))
    result = compare_samplers(
        *(X[order], y[order]),
        samplers=["none"],
        classifier=DummyClassifier(),
        cv=Reshuffled(),
        n_seeds=2,
    )
    assert result.folds_recur


def test_intervals_over_folds_are_those_of_nadeau_and_bengio():
    result = make_result(none=[0.1, 0.2, 0.3], smote=[0.2, 0.4, 0.6], test_train_ratio=0.25)
    difference = paired_difference(result, "smote", "none")
    half_width = 4.3027 * 0.1 * (1 / 3 + 0.25) ** 0.5
    assert difference.high - difference.mean == pytest.approx(half_width, abs=1e-4)
    smote = summarize_comparison(result)[1]
    assert smote["balanced_accuracy_interval"] == pytest.approx(2 * half_width, abs=1e-4)


def test_how_much_folds_share_is_found_in_their_sizes():
    X, y = make_vectors()
    compared = partial(
        compare_samplers,
        X,
        y,
        samplers=["none"],
        classifier=DecisionTreeClassifier(),
        n_seeds=1,
    )
    assert compared(cv=4).test_train_ratio == pytest.approx(1 / 3)
    shuffled = StratifiedShuffleSplit(2, train_size=24, test_size=12, random_state=0)
    assert compared(cv=shuffled).test_train_ratio == 0.5
    assert compared(test=(X, y)).test_train_ratio == 0.0


@pytest.mark.parametrize("is_shuffled", [False, True])
def test_folds_that_recur_are_counted_once(is_shuffled):
    X, y = make_vectors()
    cv = StratifiedKFold(3, shuffle=is_shuffled)
    result = compare_samplers(
        X,
        y,
        samplers={"none": None, "first": NoisyCopies(0)},
        classifier=LogisticRegression(C=0.1),
        cv=cv,
        n_seeds=4,
    )
    assert result.folds_recur == (not is_shuffled)
    first = result.sampler == "first"
    gains = result.balanced_accuracy[first] - result.balanced_accuracy[~first]
    if not is_shuffled:
        gains = gains.reshape(4, 3).mean(axis=0)  # of each fold
    n = len(gains)
    error = gains.std(ddof=1) * (1 / n + result.test_train_ratio) ** 0.5
    difference = paired_difference(result, "first", "none")
    half_width = difference.high - difference.mean
    assert half_width == pytest.approx(student_t.ppf(0.975, n - 1) * error)
    assert difference.n_pairs == 12


def test_more_seeds_find_no_difference_where_there_is_none():
    """Two samplers that differ by chance alone, on folds of the same rows again and again."""
    verdicts = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        y = np.repeat([0, 1], [80, 20])
        X = rng.normal(size=(100, 6)) + 0.5 * y[:, None]
        result = compare_samplers(
            X,
            y,
            samplers={"first": NoisyCopies(0), "second": NoisyCopies(3)},
            classifier=LogisticRegression(C=0.1),
            cv=5,
            n_seeds=5,
            random_state=seed,
        )
        verdicts.append(standing_of(paired_difference(result, "first", "second")))
    assert verdicts.count("undecided") >= 15


def test_paired_difference_leaves_out_what_failed():
    result = make_result(none=[0.1, 0.2, 0.3], smote=[0.2, np.nan, 0.6], adasyn=[np.nan] * 3)
    difference = paired_difference(result, "smote", "none")
    assert difference.mean == pytest.approx(0.2)
    assert difference.n_pairs == 2
    assert np.isnan(difference.low)
    assert np.isnan(paired_difference(result, "adasyn", "none").mean)
    with pytest.raises(ValueError, match="'cyclegan' was not compared"):
        paired_difference(result, "cyclegan", "none")


def test_the_largest_ratio_is_compared_unless_another_is_named():
    result = make_result(none=[0.1, 0.1], smote=[0.2, 0.4])
    result.seed[2:], result.ratio[2:] = 0, [0.5, 1.0]
    assert paired_difference(result, "smote", "none").mean == pytest.approx(0.3)
    assert paired_difference(result, "smote", "none", ratio=0.5).mean == pytest.approx(0.1)


def test_the_confidence_of_an_interval_may_be_another():
    result = make_result(none=[0.1, 0.2, 0.3], smote=[0.2, 0.4, 0.6])
    difference = paired_difference(result, "smote", "none", confidence=0.9)
    # t(0.95, 2) = 2.9200
    assert difference.high - difference.mean == pytest.approx(2.92 * 0.1 / 3**0.5, abs=1e-4)


@pytest.mark.parametrize("confidence", [0, 1])
def test_no_interval_is_certain_or_empty(confidence):
    with pytest.raises(ValueError, match=f"confidence={confidence} is not between 0 and 1"):
        paired_difference(make_result(none=[0.2] * 3), "none", "none", confidence=confidence)


def test_seconds_are_those_of_runs_that_succeeded():
    result = make_result(smote=[0.5, np.nan, 0.7])
    result.sampler_seconds[1] = 100.0
    (row,) = summarize_comparison(result)
    assert row["sampler_seconds"] == 2.0


def test_recalls_are_paired_where_a_class_has_no_test_rows():
    result = make_result(none=[0.1, 0.2], smote=[0.2, np.nan])
    result.recall = np.array([[1, np.nan], [1, np.nan], [0.5, np.nan], [np.nan, np.nan]])
    ours, theirs = paired_values(result, "smote", "none", key="recall")
    assert_array_equal(ours, [[0.5, np.nan]])
    assert_array_equal(theirs, [[1, np.nan]])


def test_logit_adjustment_is_the_classifier_that_adjusts_beside_no_resampling():
    X, y = make_vectors()
    options = {"cv": 2, "n_seeds": 1, "ratios": [0.5, 1.0], "classifier_steps": 30}
    small = TorchCNNClassifier(device="cpu")
    by_name = compare_samplers(
        X, y, samplers=["none", "logit_adjustment", "random"], classifier=small, **options
    )
    adjusting = clone(small).set_params(logit_adjustment=1)
    wanted = compare_samplers(X, y, samplers=["none"], classifier=adjusting, **options)
    assert small.logit_adjustment == 0
    adjusted = by_name.sampler == "logit_adjustment"
    assert_array_equal(by_name.recall[adjusted], wanted.recall)
    assert not np.array_equal(by_name.recall[by_name.sampler == "none"], wanted.recall)
    assert np.isnan(by_name.ratio[adjusted]).all()
    assert_array_equal(by_name.n_train[adjusted], wanted.n_train)
    assert by_name.settings["samplers"]["logit_adjustment"] == "LogitAdjustment()"
    assert paired_difference(by_name, "random", "logit_adjustment").n_pairs == 2


def test_logit_adjustment_reaches_into_pipelines_and_has_a_strength():
    pipe = make_pipeline(StandardScaler(), TorchCNNClassifier())
    adjusted = LogitAdjustment(0.5).adjust(pipe)
    assert adjusted[-1].logit_adjustment == 0.5
    assert pipe[-1].logit_adjustment == 0


@pytest.mark.parametrize(
    ("classifier", "has_row"),
    [
        (make_pipeline(StandardScaler(), TorchCNNClassifier(max_epochs=1)), True),
        (TorchCNNClassifier(max_epochs=1, logit_adjustment=0.5), False),
        (TorchCNNClassifier(max_epochs=1, class_weight="balanced"), False),
        (make_sampler_pipeline(RandomOverSampler(), TorchCNNClassifier(max_epochs=1)), False),
        (
            GridSearchCV(TorchCNNClassifier(max_epochs=1), {"logit_adjustment": [0, 1]}, cv=2),
            False,
        ),
        (DecisionTreeClassifier(), False),
    ],
)
def test_by_default_logit_adjustment_is_compared_where_it_can_be(
    classifier, has_row, monkeypatch
):
    X, y = make_vectors()
    options = {"cv": 2, "n_seeds": 1, "classifier_steps": None}
    monkeypatch.setitem(SAMPLERS, "cyclegan", RandomOverSampler)  # which trains nothing
    result = compare_samplers(X, y, classifier=classifier, **options)
    names = [name for name in SAMPLERS if has_row or name != "logit_adjustment"]
    assert list(dict.fromkeys(result.sampler.tolist())) == names


@pytest.mark.parametrize(
    ("sampler", "classifier", "message"),
    [
        (LogitAdjustment(), DecisionTreeClassifier(), "Tree.* has no parameter logit_adj"),
        (LogitAdjustment(-1), TorchCNNClassifier(), "'logit_adjustment' parameter of LogitA"),
        (LogitAdjustment, TorchCNNClassifier(), "LogitAdjustment is a class"),
    ],
)
def test_what_cannot_adjust_is_refused_before_any_sampler(sampler, classifier, message, seen):
    X, y = make_vectors()
    samplers = {"mine": Untrained(), "adjusted": sampler}
    with pytest.raises(ValueError, match=message):
        compare_samplers(X, y, samplers=samplers, classifier=classifier)
    assert seen == []
