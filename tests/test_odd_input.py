"""Data in uncommon containers, of uncommon kinds: taken for what it is, or refused by name."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.comparison import compare_samplers, example_translations, paired_values
from skgan_aug.datasets import make_imbalanced_images, resize_images
from skgan_aug.images import ImageSpec
from skgan_aug.inspection import FeatureMapDisplay
from skgan_aug.metrics import two_sample_test
from skgan_aug.reporting import augmentation_report
from skgan_aug.training import TrainingConfig, train_cyclegan

X = np.random.RandomState(0).randint(256, size=(28, 8, 8)).astype(np.uint8)
Y = np.repeat([0, 1], [20, 8])
FAR = 2**53 + Y  # as floats, the same


def make_sampler(**params):
    return CycleGANOverSampler(max_iter=2, random_state=0, **params)


def make_classifier(**params):
    return TorchCNNClassifier(**{"max_epochs": 1, "random_state": 0} | params)


# Labels


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.parametrize(
    "labels", [FAR, Y.astype(bool), np.array(["a", "b"])[Y]], ids=lambda labels: labels.dtype
)
def test_a_frame_of_nullable_labels_has_the_labels_of_its_column(labels):
    column = pd.Series(labels).convert_dtypes()
    classifier = make_classifier().fit(X, column.to_frame())
    assert_array_equal(classifier.classes_, np.unique(labels))
    assert classifier.predict(X).dtype == make_classifier().fit(X, column).predict(X).dtype


def test_displays_and_reports_tell_nullable_labels_apart():
    labels = pd.Series(FAR, dtype="Int64")
    features = np.random.RandomState(0).rand(28, 5)
    display = FeatureMapDisplay.from_predictions(features, labels, np.arange(28) % 2)
    assert sorted(display.real_) == np.unique(FAR).tolist()
    sampler = make_sampler(synthetic_fraction=1.0)
    report = augmentation_report(sampler, X, labels, classifier=make_classifier())
    assert [row["label"] for row in report.rows] == [2**53 + 1]
    assert all(isinstance(row["label"], int) for row in report.rows)
    sampler.fit_resample(X, labels)
    assert list(example_translations(sampler, X, labels)) == [(2**53, 2**53 + 1)]


def test_reports_take_the_labels_that_estimators_take():
    report = augmentation_report(
        make_sampler(), X, Y.astype(float), classifier=make_classifier()
    )
    assert [row["label"] for row in report.rows] == [1.0]


def test_a_series_of_another_library_is_an_array():
    class Series:
        shape, ndim, dtype = Y.shape, 1, "Int64"

        def __len__(self):
            return len(Y)

        def to_numpy(self):
            return Y

        def __array__(self, dtype=None, copy=None):
            return np.array(Y, dtype=dtype)

    assert_array_equal(make_classifier().fit(X, Series()).classes_, [0, 1])


@pytest.mark.parametrize("as_given", [list, lambda labels: np.array(labels, dtype=object)])
def test_strings_beside_other_labels_are_refused(as_given):
    labels = as_given(["a"] * 20 + [1] * 8)
    for fit in (make_sampler().fit_resample, make_classifier().fit):
        with pytest.raises(ValueError, match="y holds strings and other labels"):
            fit(X, labels)


def test_a_strategy_may_sort_what_it_is_given():
    order = np.random.RandomState(1).permutation(28)
    labels = Y[order]

    def strategy(y):
        y.sort()
        return {1: 12}

    y_resampled = make_sampler(sampling_strategy=strategy).fit_resample(X[order], labels)[1]
    assert_array_equal(labels, Y[order])
    assert_array_equal(y_resampled[:28], Y[order])


def test_labels_that_only_read_themselves_as_numbers():
    """As those of HDF5 files do."""

    class Stored:
        shape, dtype, ndim = Y.shape, Y.dtype, 1

        def __len__(self):
            return len(Y)

        def __array__(self, dtype=None, copy=None):
            if str(dtype) == "object" or dtype is object:
                raise OSError("no appropriate function for conversion path")
            return np.array(Y, dtype=dtype)

    assert len(make_sampler().fit_resample(X, Stored())[1]) == 40
    assert_array_equal(make_classifier().fit(X, Stored()).classes_, [0, 1])


def test_rare_labels_of_several_kinds_are_named_as_they_were_given():
    with pytest.raises(ValueError, match="rare names class 'x', which is not in y"):
        make_imbalanced_images(X, Y, rare=[1, "x"], rare_count=2)
    with pytest.raises(ValueError, match="y has 28 missing labels"):
        make_imbalanced_images(X, [None] * 28, rare=[1], rare_count=2)
    with pytest.raises(ValueError, match="y has 8 missing labels"):
        make_imbalanced_images(X, np.array(["a", pd.NA], object)[Y], rare="a", rare_count=2)
    with pytest.raises(ValueError, match="y holds strings and other labels"):
        make_imbalanced_images(X, ["a"] * 20 + [1] * 8, rare="a", rare_count=2)
    mixed = pd.Series(["a"] * 20 + [1] * 8, dtype="category")
    with pytest.raises(ValueError, match="y holds strings and other labels"):
        make_imbalanced_images(X, mixed, rare="a", rare_count=2)


# Masks


MASKED = np.ma.array(X, mask=X > 200)
MASKED_LABELS = np.ma.array(Y, mask=Y == 1)
REPORT = {"classifier": make_classifier(), "random_state": 0}


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("X", lambda: make_sampler().fit_resample(list(MASKED), Y)),
        ("X", lambda: make_classifier().fit(list(MASKED), Y)),
        ("sample_weight", lambda: make_classifier().fit(X, Y, MASKED_LABELS)),
        (
            "synthetic_mask",
            lambda: make_classifier().fit(X, Y, synthetic_mask=MASKED_LABELS == 1),
        ),
        ("classes", lambda: make_classifier().partial_fit(X, Y, classes=MASKED_LABELS)),
        ("X", lambda: augmentation_report(make_sampler(), MASKED, Y, **REPORT)),
        (
            "X_test of test",
            lambda: augmentation_report(make_sampler(), X, Y, test=(MASKED, Y), **REPORT),
        ),
        (
            "y_test of test",
            lambda: augmentation_report(
                make_sampler(), X, Y, test=(X, MASKED_LABELS), **REPORT
            ),
        ),
        ("y", lambda: compare_samplers(X, MASKED_LABELS)),
        ("features", lambda: FeatureMapDisplay.from_predictions(MASKED[:, 0], Y, Y)),
        ("labels", lambda: FeatureMapDisplay.from_predictions(X[:, 0], MASKED_LABELS, Y)),
        (
            "is_synthetic",
            lambda: FeatureMapDisplay.from_predictions(X[:, 0], Y, MASKED_LABELS),
        ),
        ("X", lambda: resize_images(MASKED, 4)),
        ("y", lambda: make_imbalanced_images(X, MASKED_LABELS, rare=[1], rare_count=2)),
    ],
)
def test_masks_are_refused_by_name(name, use):
    with pytest.raises(ValueError, match=f"^{name} has masked values"):
        use()


# Images


@pytest.mark.parametrize("kind", [bool, np.int64, np.float32])
def test_images_of_another_scale_are_warned_of(kind):
    classifier = make_classifier().fit(np.uint8(255) * (X > 128), Y)
    with pytest.warns(UserWarning, match="pass both in one scale"):
        classifier.predict((X > 128).astype(kind))


def test_images_of_fewer_bits_are_warned_of():
    classifier = make_classifier().fit(X.astype(np.uint16) * 257, Y)
    with pytest.warns(UserWarning, match="uint8 images of values up to 255, but .* 65535"):
        classifier.predict(X)


@pytest.mark.filterwarnings("error")
def test_dark_images_in_a_list_are_not():
    classifier = make_classifier().fit(X, Y)
    assert len(classifier.predict((X // 25).tolist())) == 28
    assert len(classifier.predict(X // 255)) == 28


@pytest.mark.filterwarnings("error")
def test_dark_images_of_the_same_dtype_are_not():
    classifier = make_classifier().fit(X.astype(np.uint16) * 257, Y)
    assert len(classifier.predict(X.astype(np.uint16))) == 28


def test_palettes_are_no_levels():
    images = [Image.fromarray(image).convert("RGB").quantize(16) for image in X]
    for fit in (make_sampler().fit_resample, make_classifier().fit):
        with pytest.raises(ValueError, match=r"palette.*convert\(\"RGB\"\)"):
            fit(images, Y)
    assert make_classifier().fit([image.convert("RGB") for image in images], Y).image_shape_


@pytest.mark.skipif(
    np.finfo(np.longdouble).max <= np.finfo(np.float64).max, reason="of this platform"
)
def test_numbers_beyond_float64_are_refused(no_training):
    large = X.astype(np.longdouble) * np.longdouble("1e4000")
    for fit in (make_sampler().fit_resample, make_classifier().fit):
        with pytest.raises(ValueError, match="X has values that float64 cannot hold"):
            fit(large, Y)


def test_examples_of_pixels_that_are_objects():
    frame = pd.DataFrame(X.reshape(28, -1)).astype(object)
    sampler = make_sampler(image_shape=(8, 8))
    sampler.fit_resample(frame, Y)
    for images in example_translations(sampler, frame, Y)[0, 1]:
        assert images.dtype == np.float64


# Parameters


@pytest.mark.parametrize("name", ["memory", "checkpoint_dir"])
def test_an_empty_path_is_not_the_current_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=f"{name}='' is no path"):
        make_sampler(**{name: ""}).fit_resample(X, Y)
    assert not list(tmp_path.iterdir())


def test_counts_are_integers_and_no_flags():
    with pytest.raises(ValueError, match="n_permutations=True must be an integer"):
        two_sample_test(X.reshape(28, -1)[:14], X.reshape(28, -1)[14:], n_permutations=True)


def test_networks_are_made_not_given():
    network = torch.nn.Linear(64, 2)
    with pytest.raises(TypeError, match="module is a Linear, but must be what makes one"):
        make_classifier(module=network).fit(X, Y)
    with pytest.raises(TypeError, match="generator is a Linear"):
        make_sampler(generator=network).fit_resample(X, Y)


def test_seeds_may_be_of_numpy():
    spec, config = ImageSpec.from_array(X), TrainingConfig(max_iter=2)
    own, numpys = (
        train_cyclegan(spec, config, X[:20], X[20:], seed=kind(3)).history
        for kind in (int, np.int64)
    )
    assert own == numpys


def test_vectors_have_no_channels():
    assert ImageSpec.from_array(X).n_features == 64
    spec = ImageSpec.from_array(X.reshape(28, -1))
    assert spec.n_features == 64
    for use in (
        lambda: spec.image_size,
        lambda: spec.n_channels,
        lambda: spec.resized((4, 4)),
    ):
        with pytest.raises(ValueError, match="one of vectors"):
            use()


def test_what_fit_alone_has_seen_has_no_cyclegans():
    sampler = make_sampler().fit(X, Y)
    for use in (sampler.translate, partial(example_translations, sampler, y=Y)):
        names = {"source": 0, "target": 1} if use == sampler.translate else {}
        with pytest.raises(NotFittedError, match="call fit_resample first"):
            use(X=X, **names)


@pytest.mark.parametrize("key", ["error", "sampler", "classes", "nokey"])
def test_pairs_are_of_numbers(key):
    result = compare_samplers(
        X, Y, samplers=["none", "random"], classifier=DummyClassifier(), cv=2, n_seeds=1
    )
    with pytest.raises(ValueError, match=f"key='{key}' is no column of numbers"):
        paired_values(result, "random", "none", key=key)
