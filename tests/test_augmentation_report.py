"""The report tells good synthetic rows from copies and from rows of the wrong class."""

import sys

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.utils import Bunch

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.datasets import load_digits_images, make_imbalanced_images
from skgan_aug.reporting import AugmentationReport, _augmentation, augmentation_report
from skgan_aug.reporting._augmentation_table import MEASURES

QUICK = TorchCNNClassifier(max_epochs=8, random_state=0)


class Adds(BaseEstimator):
    """Adds given rows of one class."""

    def __init__(self, rows, label):
        self.rows = rows
        self.label = label

    def fit_resample(self, X, y):
        rows = self.rows.reshape(len(self.rows), *X.shape[1:])
        return np.concatenate([X, rows]), np.r_[y, np.full(len(rows), self.label)]


@pytest.fixture(scope="module")
def digits():
    """Digits 0 to 2, 1 of them cut to 30; other 1s and 2s; and test rows."""
    X, y = load_digits_images(return_X_y=True)
    X, y = X[y < 3], y[y < 3]
    X, y, test = X[:400], y[:400], (X[400:], y[400:])
    X_rare, y_rare = make_imbalanced_images(X, y, rare=1, rare_count=30, random_state=0)
    known = {image.tobytes() for image in X_rare}
    unknown = np.array([image.tobytes() not in known for image in X])
    return X_rare, y_rare, X[unknown & (y == 1)], test


def test_new_rows_of_the_class_are_good_in_all_respects(digits):
    X, y, new, _ = digits
    (row,) = augmentation_report(Adds(new, 1), X, y, classifier=QUICK).rows
    assert (row["label"], row["n_real"], row["n_synthetic"]) == (1, 30, len(new))
    for key in ("real_train", "gan_train", "gan_test", "precision", "recall", "coverage"):
        assert row[key] > 0.8, key
    assert 0.4 < row["two_sample"] < 0.7
    assert row["copied"] < 0.25
    assert 0.6 < row["copied_distance"] < 1.4
    assert 0.6 < row["diversity"] < 1.4
    assert abs(row["kernel"]) < 3 * row["kernel_se"]


def test_a_duplicator_is_exposed_by_its_copies(digits):
    X, y, _, test = digits
    (row,) = augmentation_report(
        RandomOverSampler(random_state=0), X, y, test=test, classifier=QUICK
    ).rows
    assert row["copied"] == 1.0
    assert row["copied_distance"] == 0.0
    # What it repeats are real rows, of as many kinds as there are.
    assert row["recall"] > 0.5


def test_equal_images_are_equal_in_whatever_batch(digits):
    X, y, new, _ = digits
    repeated = new[np.arange(65) % 3]  # the last one is a batch of its own
    (row,) = augmentation_report(Adds(repeated, 1), X, y, classifier=QUICK).rows
    assert figures_missing(row) == {"precision", "recall"}  # of three that differ


def test_rows_of_the_wrong_class_are_exposed_by_gan_train_and_gan_test(digits):
    X, y, _, test = digits
    wrong = np.concatenate([test[0][test[1] == 2], X[y == 2][:10]])
    (row,) = augmentation_report(Adds(wrong, 1), X, y, classifier=QUICK).rows
    assert row["real_train"] > 0.8
    assert row["gan_train"] < 0.5
    assert row["gan_test"] < 0.2
    assert row["precision"] < 0.2
    assert row["copied"] == 0.0  # those of another class are none
    assert row["two_sample"] > 0.9
    assert row["two_sample_p"] < 0.01


def test_test_rows_are_what_is_compared_with(digits):
    X, y, new, test = digits
    report = augmentation_report(Adds(new, 1), X, y, test=test, classifier=QUICK)
    assert report.rows[0]["n_real"] == np.count_nonzero(test[1] == 1)
    # Real rows of the class were 2s: what was recognised as real is no longer.
    swapped = test[0], np.where(test[1] == 1, 2, np.where(test[1] == 2, 1, 0))
    report = augmentation_report(Adds(new, 1), X, y, test=swapped, classifier=QUICK)
    assert report.rows[0]["real_train"] < 0.2
    assert report.rows[0]["precision"] < 0.2


@pytest.mark.usefixtures("global_rng_is_left_alone")
def test_translations_alone_are_judged_and_nothing_is_trained_again(digits, monkeypatch):
    X, y = digits[:2]
    sampler = CycleGANOverSampler(
        sampling_strategy={1: 60}, synthetic_fraction=0.4, max_iter=2, random_state=0
    )
    trained = augmentation_report(sampler, X, y, classifier=QUICK)
    assert trained.rows[0]["n_synthetic"] == 12
    assert not hasattr(sampler, "cyclegans_")
    assert trained.sampler.synthetic_mask_.sum() == 12

    resampled = sampler.fit_resample(X, y)
    monkeypatch.setattr(CycleGANOverSampler, "fit_resample", None)
    again = augmentation_report(sampler, X, y, resampled=resampled, classifier=QUICK)
    assert again.rows == trained.rows
    assert again.sampler is sampler


def test_classes_that_gain_next_to_nothing_are_left_out(digits):
    X, y = digits[:2]
    report = augmentation_report(RandomOverSampler(random_state=0), X, y, classifier=QUICK)
    assert 0 < np.ptp(np.bincount(y)[[0, 2]]) < 4
    assert [row["label"] for row in report.rows] == [1]


def test_every_real_row_is_compared_with_once():
    X, y = np.arange(11), np.arange(11) % 2
    parts = _augmentation._parts(X, y, None, np.random.RandomState(0))
    assert sorted(np.concatenate([reference for _, (reference, _) in parts])) == X.tolist()
    for (train, _), (reference, _) in parts:
        assert sorted([*train, *reference]) == X.tolist()


def test_balls_and_margins_are_those_of_the_class(digits, monkeypatch):
    X, y, new, test = digits
    neighbors, density_coverage = [], _augmentation.metrics.density_coverage

    def measured(real, synthetic, *, n_neighbors):
        neighbors.append(n_neighbors)
        return density_coverage(real, synthetic, n_neighbors=n_neighbors)

    margins = Bunch(neighbor=[2, 0], before=np.array([1.0, 2.0]), after=np.array([3.0, 4.0]))
    monkeypatch.setattr(_augmentation.metrics, "density_coverage", measured)
    monkeypatch.setattr(_augmentation, "margins_of_parts", lambda parts: margins)
    resampled = np.concatenate([X, new, new[:5]]), np.r_[y, np.repeat([1, 2], [len(new), 5])]
    quick = TorchCNNClassifier(max_epochs=1, random_state=0)
    options = {"resampled": resampled, "test": test, "classifier": quick}
    rows = augmentation_report(RandomOverSampler(), X, y, **options).rows
    assert neighbors == [5, 4]  # of 5 rows, each has 4 others
    keys = ("label", "neighbor", "margin_before", "margin_after")
    assert [tuple(row[key] for key in keys) for row in rows] == [(1, 2, 1, 3), (2, 0, 2, 4)]


def figures_missing(row):
    return {key for key, value in row.items() if value is None or value != value}


def test_a_class_of_few_rows_has_the_figures_that_can_be_computed(digits):
    X, y, new, test = digits
    quick = TorchCNNClassifier(max_epochs=1, random_state=0)

    def missing(n, **options):
        few = np.flatnonzero((y != 1) | (np.cumsum(y == 1) <= n))
        report = augmentation_report(Adds(new, 1), X[few], y[few], classifier=quick, **options)
        assert (" – " in str(report)) == bool(figures_missing(report.rows[0]))
        return figures_missing(report.rows[0])

    assert missing(8) == set()
    of_features = missing(6)
    assert of_features == set(_augmentation._OF_FEATURES)
    few = (test[1] != 1) | (np.cumsum(test[1] == 1) <= 3)
    assert missing(30, test=(test[0][few], test[1][few])) == of_features
    others = test[1] != 1
    all_but_copies = missing(30, test=(test[0][others], test[1][others]))
    assert not all_but_copies & {"copied", "copied_distance"}
    assert all_but_copies > of_features | {"gan_test", "neighbor", "margin_after"}


def test_duplicates_in_a_rare_class_are_too_few_to_tell_kinds(digits):
    X, y, new, _ = digits
    X = X.copy()
    X[y == 1] = X[y == 1][0]
    quick = TorchCNNClassifier(max_epochs=1, random_state=0)
    (row,) = augmentation_report(Adds(new, 1), X, y, classifier=quick).rows
    of_kinds = {"precision", "recall", "density", "coverage", "diversity", "diversity_se"}
    assert figures_missing(row) == of_kinds | {"copied", "copied_distance"}


def test_flattened_images_and_string_labels(digits, monkeypatch):
    X, y = digits[:2]
    made = []

    def quick(**params):
        made.append(TorchCNNClassifier(max_epochs=1, **params))
        return made[-1]

    monkeypatch.setattr(_augmentation, "TorchCNNClassifier", quick)
    names = np.array(["zero", "one", "two"])[y]
    sampler = CycleGANOverSampler(
        sampling_strategy={"one": 60}, image_shape=(8, 8), max_iter=2, random_state=0
    )
    (row,) = augmentation_report(sampler, X.reshape(len(X), -1), names).rows
    assert row["label"] == "one"
    assert row["neighbor"] in ("zero", "two")
    assert made[0].image_shape == (8, 8)


def test_the_table_has_every_figure(digits):
    X, y, new, _ = digits
    report = augmentation_report(Adds(new, 1), X, y, classifier=QUICK)
    lines = str(report).splitlines()
    assert len(lines) == 1 + len(MEASURES)
    assert len(set(map(len, lines[:2]))) <= 2
    assert lines[0].split() == ["1", "good"]
    told = {key for measure in MEASURES for key in measure[:2] if key is not None}
    assert told | {"label"} == set(report.rows[0])
    row = report.rows[0]
    assert f"{row['gan_train']:.3g} ± {row['gan_train_se']:.2g}" in str(report)
    frame = report.to_frame()
    assert frame.loc[1, "frechet"] == row["frechet"]


def test_means_of_halves():
    part = {"n_real": 10, "n_synthetic": 40, "gan_test": 0.5, "two_sample_p": 0.3}
    other = {**part, "real_train": 0.0, "gan_train": 0.6, "gan_test": 1.0}
    part |= {"real_train": 1.0, "gan_train": 0.2, "two_sample_p": 0.02, "neighbor": "a"}
    row = _augmentation._mean_of_parts([part, other])
    assert row["n_real"] == 20
    assert row["n_synthetic"] == 40
    assert row["two_sample_p"] == 0.04
    assert row["gan_train"] == pytest.approx(0.4)
    # By the rule of succession 9 of 22 and 31 of 42 are expected to be recognised.
    assert row["gan_train_se"] == pytest.approx(np.sqrt(9 / 22 * 13 / 22 / 20))
    assert row["gan_test_se"] == pytest.approx(np.sqrt(31 / 42 * 11 / 42 / 40))
    assert row["neighbor"] == "a"
    row = _augmentation._mean_of_parts([{**part, "real_train": 1.0, "n_real": 2}])
    assert row["real_train_se"] == pytest.approx(np.sqrt(3 / 4 * 1 / 4 / 2))


class Reverses(Adds):
    def fit_resample(self, X, y):
        return X[::-1], y[::-1]


@pytest.mark.usefixtures("no_training")
class TestRefusedBeforeTheSamplerIsTrained:
    def test_test_rows_that_are_not_like_x(self, digits):
        X, y, _, test = digits
        for X_test in (test[0] / 16.0, test[0][:, :7]):
            with pytest.raises(ValueError, match=r"test holds .* per row, X .*the same way"):
                augmentation_report(CycleGANOverSampler(), X, y, test=(X_test, test[1]))

    def test_labels_of_test_rows_that_are_written_otherwise(self, digits):
        X, y, _, (X_test, y_test) = digits
        with pytest.raises(ValueError, match=r"test has the labels \['0', .* in y, which has"):
            augmentation_report(CycleGANOverSampler(), X, y, test=(X_test, y_test.astype(str)))

    def test_a_pipeline_does_not_tell_which_rows_are_translations(self, digits):
        X, y = digits[:2]
        with pytest.raises(
            ValueError, match=r"sampler is a Pipeline .*pass that one.*pipe\[0\]"
        ):
            augmentation_report(make_pipeline(CycleGANOverSampler()), X, y)

    def test_what_another_sampler_returned(self, digits):
        X, y, new, _ = digits
        resampled = np.concatenate([X, new]), np.r_[y, np.ones(len(new), int)]
        with pytest.raises(
            ValueError, match="pass the sampler whose fit_resample returned it"
        ):
            augmentation_report(CycleGANOverSampler(), X, y, resampled=resampled)

    def test_halves_of_one_class(self, digits):
        X, y = digits[:2]
        one = np.flatnonzero((y == 0) | (np.cumsum(y == 1) == 1) & (y == 1))
        with pytest.raises(ValueError, match=r"fewer than 2 classes .* test="):
            augmentation_report(CycleGANOverSampler(), X[one], y[one])

    def test_a_classifier_without_features(self, digits):
        X, y = digits[:2]
        with pytest.raises(TypeError, match="classifier is a DummyClassifier"):
            augmentation_report(CycleGANOverSampler(), X, y, classifier=DummyClassifier())


@pytest.mark.usefixtures("no_training")
class TestRefused:
    def test_a_sampler_that_adds_nothing(self, digits):
        X, y = digits[:2]
        with pytest.raises(ValueError, match="added fewer than 4 synthetic rows"):
            augmentation_report(Adds(X[:3], 1), X, y)
        with pytest.raises(ValueError, match="added fewer than 4 synthetic rows"):
            augmentation_report(CycleGANOverSampler(synthetic_fraction=0.0), X, y)

    def test_a_sampler_that_changes_rows(self, digits):
        X, y = digits[:2]
        with pytest.raises(ValueError, match="resampled begins with other rows than X"):
            augmentation_report(Reverses(None, None), X, y)

    def test_labels_that_are_written_otherwise_than_y(self, digits):
        X, y, new, _ = digits
        for labels in (y + 1, y.astype(str), y[::-1]):
            resampled = np.concatenate([X, new]), np.r_[labels, labels[: len(new)]]
            with pytest.raises(ValueError, match="resampled has other labels for the rows of"):
                augmentation_report(RandomOverSampler(), X, y, resampled=resampled)

    def test_what_another_fit_returned(self, digits):
        X, y, new, _ = digits
        sampler = CycleGANOverSampler(synthetic_fraction=0.0)
        sampler.fit_resample(X, y)
        resampled = np.concatenate([X, new]), np.r_[y, np.ones(len(new), int)]
        with pytest.raises(ValueError, match=r"but sampler\.synthetic_mask_ "):
            augmentation_report(sampler, X, y, resampled=resampled)

    def test_rows_without_labels(self, digits):
        X, y, new, _ = digits
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            augmentation_report(Adds(new, 1), X, y[1:])


def test_the_report_is_printed_without_being_computed():
    row = dict.fromkeys([key for key, *_ in MEASURES], 0.5)
    row |= {error: 0.25 for _, error, *_ in MEASURES if error}
    assert "0.5 ± 0.25" in str(AugmentationReport([{"label": "x", **row}], None))


def test_names_that_cannot_be_written_are_printed_as_far_as_they_can():
    row = dict.fromkeys([key for key, *_ in MEASURES], 0.5) | {"neighbor": "d\x1b[31m"}
    row |= {error: 0.25 for _, error, *_ in MEASURES if error}
    text = str(AugmentationReport([{"label": "caf\udce9", **row}], None))
    assert "caf\ufffd" in text
    assert "d\ufffd[31m" in text
    text.encode()


def test_a_frame_without_pandas_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_frame needs pandas: pip install pandas"):
        AugmentationReport([{"label": 1}], sampler=None).to_frame()
