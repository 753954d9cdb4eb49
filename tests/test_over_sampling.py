"""CycleGANOverSampler: what goes in comes out, and exactly as many rows join it as planned."""

import gc
import pickle
import warnings
import weakref
from collections import Counter

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from torch import nn

from skgan_aug import CycleGANOverSampler
from skgan_aug._devices import deal_devices
from skgan_aug.images import ImageSpec
from skgan_aug.training import CycleGANCache, CycleGANTrainer, TrainingConfig

COUNTS = {"common": 12, "rare": 4, "uncommon": 7}


def make_labels():
    labels = np.repeat(list(COUNTS), list(COUNTS.values()))
    return np.random.RandomState(0).permutation(labels)


def make_images(shape=(6, 5), dtype=np.uint8, low=0, high=256):
    """Images whose brightness tells the class."""
    y = make_labels()
    rng = np.random.RandomState(1)
    noise = rng.uniform(size=(len(y), *shape))
    level = np.searchsorted(list(COUNTS), y).reshape(-1, *[1] * len(shape))
    values = low + (noise + level) / 3 * (high - low)
    return values.astype(dtype), y


def make_sampler(**parameters):
    return CycleGANOverSampler(
        **{"max_iter": 2, "batch_size": 4, "random_state": 0} | parameters
    )


def assert_consistent(sampler, X, y, X_new, y_new):
    """Originals first, counts as planned, values in range, attributes true."""
    n = len(X)
    assert X_new.dtype == X.dtype
    assert X_new.shape == (len(y_new), *X.shape[1:])
    assert y_new.dtype == y.dtype
    assert X_new[:n].tobytes() == X.tobytes()
    assert_array_equal(y_new[:n], y)
    assert Counter(y_new[n:].tolist()) == +Counter(sampler.sampling_strategy_)
    if X.dtype != np.uint8:  # bytes have the range of their type
        assert X.min() <= X_new.min()
        assert X_new.max() <= X.max()

    synthetic, origins = sampler.synthetic_mask_, sampler.source_indices_
    assert_array_equal(origins[:n], np.arange(n))
    assert not synthetic[:n].any()
    assert_array_equal(X_new[~synthetic], X[origins[~synthetic]])
    assert_array_equal(y_new[~synthetic], y[origins[~synthetic]])
    assert (y_new[synthetic] != y[origins[synthetic]]).all()


# Data


@pytest.mark.parametrize(
    "shape",
    [(6, 5), (8, 8), (9, 13, 3), (8, 8, 5), (4, 4, 1), (1, 1), (30,), (1,)],
    ids=str,
)
def test_every_shape_of_rows(shape):
    X, y = make_images(shape)
    sampler = make_sampler()
    X_new, y_new = sampler.fit_resample(X, y)
    assert_consistent(sampler, X, y, X_new, y_new)
    assert Counter(y_new.tolist()) == dict.fromkeys(COUNTS, 12)
    assert sampler.synthetic_mask_.any()
    assert sampler.image_shape_ == (shape if len(shape) > 1 else None)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (np.uint8, 0, 255),
        (np.uint16, 0, 65535),
        (np.int64, -7, 900),
        (np.int8, -128, 127),
        (np.float32, 0, 1),
        (np.float32, -1, 1),
        (np.float64, 0, 255),
        (np.float64, -1e-6, 1e-6),
        (np.float64, -1e300, 1e300),
        (np.float16, 0, 1),
        (">f4", 0, 1),
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", [(6, 5), (30,)], ids=["images", "vectors"])
def test_every_dtype_and_range(shape, dtype, low, high):
    X, y = make_images(shape, dtype, low, high)
    sampler = make_sampler()
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))


@pytest.mark.parametrize("image_shape", [(6, 5), (3, 5, 2)], ids=str)
def test_flattened_images_equal_images(image_shape):
    X, y = make_images(image_shape)
    X_new, y_new = make_sampler().fit_resample(X, y)
    flat = X.reshape(len(X), -1)
    X_flat, y_flat = make_sampler(image_shape=image_shape).fit_resample(flat, y)
    assert_array_equal(X_flat, X_new.reshape(len(X_new), -1))
    assert_array_equal(y_flat, y_new)


def test_image_shape_may_be_declared_for_images_too():
    X, y = make_images((6, 5, 3))
    sampler = make_sampler(image_shape=(6, 5, 3)).fit(X, y)
    assert sampler.image_shape_ == (6, 5, 3)


def test_lists_come_back_as_lists():
    X, y = make_images((3,), np.float64)
    X_new, y_new = make_sampler().fit_resample(X.tolist(), y.tolist())
    assert isinstance(X_new, list)
    assert isinstance(y_new, list)
    expected_X, expected_y = make_sampler().fit_resample(X, y)
    assert_array_equal(X_new, expected_X)
    assert_array_equal(y_new, expected_y)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy, Image.fromarray])
def test_lists_of_images_come_back_as_lists_of_arrays(kind):
    X, y = make_images((6, 5))
    X_new, _ = make_sampler().fit_resample([kind(image) for image in X], y)
    assert isinstance(X_new, list)
    assert {image.dtype for image in X_new} == {X.dtype}
    assert_array_equal(X_new, make_sampler().fit_resample(X, y)[0])


def test_frames_keep_columns_dtypes_and_names():
    X, y = make_images((3,), np.float64)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).astype({"a": "float32", "c": "int64"})
    labels = pd.Series(y, name="kind")
    X_new, y_new = make_sampler().fit_resample(frame, labels)
    assert isinstance(X_new, pd.DataFrame)
    assert isinstance(y_new, pd.Series)
    assert_array_equal(X_new.columns, frame.columns)
    assert X_new.dtypes.tolist() == frame.dtypes.tolist()
    assert y_new.name == "kind"
    pd.testing.assert_frame_equal(X_new.iloc[: len(X)].reset_index(drop=True), frame)


def test_frames_with_sparse_columns_keep_them():
    X, y = make_images((3,), np.float64)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).astype(pd.SparseDtype("float64", 0.0))
    X_new, _ = make_sampler().fit_resample(frame, y)
    assert X_new.dtypes.tolist() == frame.dtypes.tolist()


def test_one_hot_labels_come_back_one_hot():
    X, y = make_images()
    one_hot = (y[:, None] == np.unique(y)).astype(int)
    X_new, y_new = make_sampler().fit_resample(X, one_hot)
    expected_X, expected_y = make_sampler().fit_resample(X, one_hot.argmax(axis=1))
    assert_array_equal(X_new, expected_X)
    assert_array_equal(y_new.argmax(axis=1), expected_y)
    assert_array_equal(y_new.sum(axis=1), 1)


@pytest.mark.parametrize(
    "coded",
    [
        lambda y: pd.get_dummies(y, drop_first=True),
        lambda y: pd.get_dummies(pd.Series(y).mask(np.arange(len(y)) == 0)),
        lambda y: 2 * pd.get_dummies(y).to_numpy(int) - 1,
    ],
    ids=["without the first class", "without a label", "of -1 and 1"],
)
def test_labels_of_several_columns_that_are_not_one_hot_are_refused(coded, no_training):
    X, y = make_images()
    with pytest.raises(ValueError, match="y has several columns, but is not one-hot"):
        make_sampler().fit_resample(X, coded(y))


@pytest.mark.parametrize("dtype", ["Int64", "UInt64", "boolean", "string", "category"])
def test_labels_of_a_dtype_of_pandas_stay_what_they_are(dtype):
    """scikit-learn makes floats of some, of which neighbours beyond 2^53 are the same."""
    X, y = make_images()
    codes = np.unique(y, return_inverse=True)[1]
    plain = codes > 0 if dtype == "boolean" else 2**60 + codes
    labels = pd.Series(plain.astype(str) if dtype == "string" else plain).astype(dtype)
    _, expected = make_sampler().fit_resample(X, plain)
    _, y_new = make_sampler().fit_resample(X, labels)
    assert y_new.dtype == labels.dtype
    assert y_new.astype(str).tolist() == list(map(str, expected.tolist()))


@pytest.mark.parametrize("dtype", ["Int64", "UInt8", "uint8", "boolean", "bool"])
def test_columns_of_integers_and_bools_are_rounded(dtype):
    """Beside floats, of which the common array then is, and nullable ones."""
    X, y = make_images((4, 5), high=1 if dtype.startswith("bool") else 255)
    X = X.reshape(len(X), -1).round()
    frame = pd.DataFrame(X).astype(dtype)
    frame[0] = X[:, 0].astype(float)
    options = {"image_shape": (4, 5), "synthetic_fraction": 1.0}
    X_new, _ = make_sampler(**options).fit_resample(frame, y)
    expected, _ = make_sampler(**options).fit_resample(frame.to_numpy(float), y)
    assert X_new.dtypes.tolist() == frame.dtypes.tolist()
    assert_allclose(X_new.to_numpy(float)[:, 1:], expected[:, 1:], atol=0.5)
    assert_array_equal(X_new[0], expected[:, 0])


@pytest.mark.parametrize("options", [{}, {"generator": "resnet"}, {"min_strength": 1}])
def test_pixels_in_columns_of_several_integers_do_not_wrap(options):
    """All pixels have one range, but a column of int8 ends at 127."""
    X, y = make_images((4, 5))
    X[:, ::2] //= 2
    frame = pd.DataFrame(X.reshape(len(X), -1).astype(np.int64))
    frame = frame.apply(pd.to_numeric, downcast="integer")
    assert {str(dtype) for dtype in frame.dtypes} == {"int8", "int16"}
    sampler = make_sampler(image_shape=(4, 5), synthetic_fraction=1.0, **options)
    X_new, _ = sampler.fit_resample(frame, y)
    expected, _ = sampler.fit_resample(frame.to_numpy(np.int16), y)
    most = [np.iinfo(dtype).max for dtype in frame.dtypes]
    assert X_new.dtypes.tolist() == frame.dtypes.tolist()
    assert_array_equal(X_new.to_numpy(), np.minimum(expected, most))


@pytest.mark.parametrize("dtype", ["int64", "uint64", "Int64"])
def test_the_largest_integers_do_not_change_their_sign(dtype):
    largest = np.iinfo(dtype.lower()).max
    X = pd.DataFrame({"sentinel": pd.Series([largest, 1, 2, 3] * 5, dtype=dtype)})
    X["float"] = np.linspace(0, 1, len(X))
    y = np.repeat([0, 1], [14, 6])
    X_resampled, _ = CycleGANOverSampler(max_iter=1, random_state=0).fit_resample(X, y)
    assert X_resampled.dtypes["sentinel"] == X.dtypes["sentinel"]
    returned = [int(value) for value in X_resampled["sentinel"][: len(X)]]
    assert_allclose(returned, [largest, 1, 2, 3] * 5, rtol=2**-52)


def test_columns_of_categories_are_refused_before_training():
    X, y = make_images((3,))
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    frame["b"] = pd.Categorical(np.arange(len(X)) % 3)
    with pytest.raises(ValueError, match=r"categorical columns \['b'\].* SMOTENC"):
        make_sampler().fit_resample(frame, y)


def test_one_hot_lists_and_frames_come_back_as_they_were():
    X, y = make_images()
    one_hot = (y[:, None] == np.unique(y)).astype(int)
    _, expected = make_sampler().fit_resample(X, one_hot)
    _, as_list = make_sampler().fit_resample(X, one_hot.tolist())
    _, as_frame = make_sampler().fit_resample(X, pd.DataFrame(one_hot, columns=np.unique(y)))
    assert as_list == expected.tolist()
    assert_array_equal(as_frame, expected)
    assert as_frame.columns.tolist() == np.unique(y).tolist()


def test_one_hot_labels_of_two_classes_keep_their_columns():
    X, y = make_images()
    X, y = X[y != y[-1]], y[y != y[-1]]
    _, expected = make_sampler().fit_resample(X, y)
    one_hot = np.zeros((len(y), 3), dtype=int)  # and one that no row is of
    one_hot[np.arange(len(y)), 2 * np.searchsorted(np.unique(y), y)] = 1
    _, y_new = make_sampler().fit_resample(X, one_hot[:, [0, 2]])
    assert y_new.shape == (len(expected), 2)
    assert_array_equal(np.unique(y)[y_new.argmax(axis=1)], expected)
    _, wide = make_sampler().fit_resample(X, one_hot)
    assert_array_equal(wide[:, [0, 2]], y_new)
    assert not wide[:, 1].any()


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_sparse_one_hot_labels_are_taken(kind):
    X, y = make_images((3,))
    one_hot = np.eye(3, dtype=np.int64)[np.searchsorted(list(COUNTS), y)]
    X_new, y_new = make_sampler().fit_resample(X, kind(one_hot))
    X_expected, y_expected = make_sampler().fit_resample(X, one_hot)
    assert_array_equal(X_new, X_expected)
    assert_array_equal(y_new, y_expected)


def test_a_column_of_labels_is_taken():
    X, y = make_images()
    _, expected = make_sampler().fit_resample(X, y)
    _, y_new = make_sampler().fit_resample(X, y[:, None])
    assert_array_equal(y_new, expected)


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 2], [-5, 0, 7], [1.0, 2.0, 3.0], ["a", "b", "c"]],
    ids=str,
)
def test_labels_keep_their_type(labels):
    X, y = make_images()
    y = np.array(labels)[np.searchsorted(list(COUNTS), y)]
    sampler = make_sampler()
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))
    assert set(sampler.sampling_strategy_) <= set(labels)


@pytest.mark.parametrize("dtype", ["category", "boolean"])
def test_labels_that_are_categories_of_bools(dtype):
    X, y = make_images()
    y = pd.Series(y == "rare", dtype="boolean").astype(dtype)
    if dtype == "boolean":
        y = y.astype("category")
    _, y_new = make_sampler(sampling_strategy=1.0).fit_resample(X, y)
    assert y_new.dtype == y.dtype
    assert y_new[: len(y)].equals(y)
    assert y_new.value_counts().to_dict() == {False: 19, True: 19}


def test_relative_folders_are_those_of_the_caller(tmp_path, monkeypatch):
    X, y = make_images()
    sampler = make_sampler(memory="cache", checkpoint_dir="checkpoints", n_jobs=2)
    for name in ("first", "second"):  # whose processes were started in the first
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        sampler.fit_resample(X, y)
        for folder, pattern in (("cache", "*.safetensors"), ("checkpoints", "*.pt")):
            assert len(list((tmp_path / name / folder).glob(pattern))) == 2


def test_input_is_not_written_to():
    X, y = make_images()
    X.flags.writeable = y.flags.writeable = False
    sampler = make_sampler()
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))


# How many


@pytest.mark.parametrize(
    ("sampling_strategy", "expected"),
    [
        ("auto", {"common": 12, "rare": 12, "uncommon": 12}),
        ("not majority", {"common": 12, "rare": 12, "uncommon": 12}),
        ("all", {"common": 12, "rare": 12, "uncommon": 12}),
        ("minority", {"common": 12, "rare": 12, "uncommon": 7}),
        ("not minority", {"common": 12, "rare": 4, "uncommon": 12}),
        ({"rare": 9}, {"common": 12, "rare": 9, "uncommon": 7}),
        ({"rare": 20, "common": 13}, {"common": 13, "rare": 20, "uncommon": 7}),
        ({"rare": 4}, COUNTS),
        (lambda y: {"rare": 6}, {"common": 12, "rare": 6, "uncommon": 7}),
        (0.75, {"common": 12, "rare": 9, "uncommon": 9}),
        (0.5, {"common": 12, "rare": 6, "uncommon": 7}),
        (0.8, {"common": 12, "rare": 10, "uncommon": 10}),  # of 9.6
        (0.1, COUNTS),
        (1.0, {"common": 12, "rare": 12, "uncommon": 12}),
    ],
    ids=str,
)
def test_every_form_of_sampling_strategy(sampling_strategy, expected):
    X, y = make_images((3,))
    sampler = make_sampler(sampling_strategy=sampling_strategy)
    X_new, y_new = sampler.fit_resample(X, y)
    assert Counter(y_new.tolist()) == expected
    assert_consistent(sampler, X, y, X_new, y_new)


def test_a_float_for_two_classes_is_that_of_imbalanced_learn():
    X, y = make_images((3,))
    _, y_new = make_sampler(sampling_strategy=0.75).fit_resample(X, y == "rare")
    assert Counter(y_new.tolist()) == {False: 19, True: 14}  # int(0.75 * 19)


@pytest.mark.parametrize("synthetic_fraction", [0, 0.3, 0.5, 1])
def test_synthetic_fraction_of_each_class(synthetic_fraction):
    X, y = make_images()
    sampler = make_sampler(synthetic_fraction=synthetic_fraction)
    X_new, y_new = sampler.fit_resample(X, y)
    assert_consistent(sampler, X, y, X_new, y_new)
    for label, n_added in sampler.sampling_strategy_.items():
        n_synthetic = np.count_nonzero(sampler.synthetic_mask_ & (y_new == label))
        assert n_synthetic == round(synthetic_fraction * n_added)


def test_without_synthetic_rows_nothing_is_trained(no_training):
    X, y = make_images()
    sampler = make_sampler(synthetic_fraction=0)
    _, y_new = sampler.fit_resample(X, y)
    assert Counter(y_new.tolist()) == dict.fromkeys(COUNTS, 12)
    assert sampler.cyclegans_ == {}
    y[np.flatnonzero(y == "rare")[1:]] = "common"  # a single row is enough to copy
    _, y_new = sampler.fit_resample(X, y)
    assert len(set(Counter(y_new.tolist()).values())) == 1


def test_balanced_data_come_back_as_they_are(no_training):
    X, _ = make_images()
    X, y = X[:20], np.repeat(["a", "b"], 10)
    X_new, y_new = make_sampler().fit_resample(X, y)
    assert_array_equal(X_new, X)
    assert_array_equal(y_new, y)


def test_fit_trains_nothing(no_training):
    X, y = make_images()
    sampler = make_sampler().fit(X, y)
    assert sampler.sampling_strategy_ == {"rare": 8, "uncommon": 5}


# From where


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("majority", {"rare": "common", "uncommon": "common"}),
        ("rest", {"rare": "rest", "uncommon": "rest"}),
        ("common", {"rare": "common", "uncommon": "common"}),
        ("nearest", {"rare": "common", "uncommon": "common"}),
        ({"rare": "uncommon"}, {"rare": "uncommon", "uncommon": "common"}),
        ({"rare": "rest", "uncommon": "rare"}, {"rare": "rest", "uncommon": "rare"}),
    ],
    ids=str,
)
def test_every_form_of_source(source, expected):
    X, y = make_images((5,))
    sampler = make_sampler(source=source)
    _, y_new = sampler.fit_resample(X, y)
    assert {target: pair for pair, target in sampler.cyclegans_} == expected
    for target, wanted in expected.items():
        origins = sampler.source_indices_[sampler.synthetic_mask_ & (y_new == target)]
        labels = set(y[origins].tolist())
        assert labels <= (set(COUNTS) - {target} if wanted == "rest" else {wanted})


@pytest.mark.parametrize("selection", [None, "discriminator", "classifier"])
def test_named_selections(selection):
    X, y = make_images()
    sampler = make_sampler(selection=selection)
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))


def test_a_callable_selects_the_candidates_it_scores_highest():
    X, y = make_images()
    seen = []

    def brightness(candidates):
        seen.append(candidates)
        return candidates.mean(axis=(1, 2))

    sampler = make_sampler(
        selection=brightness, sampling_strategy={"rare": 8}, source="common", min_strength=1.0
    )
    X_new, _ = sampler.fit_resample(X, y)
    _, candidates = seen  # tried on X before the training
    assert candidates.dtype == X.dtype
    assert len(candidates) > sampler.synthetic_mask_.sum()
    best = np.sort(candidates.mean(axis=(1, 2)))[::-1][: sampler.synthetic_mask_.sum()]
    assert_array_equal(X_new[sampler.synthetic_mask_].mean(axis=(1, 2)), best)


@pytest.mark.parametrize("shape", [(8, 8), (5, 7, 3), (6,)], ids=str)
@pytest.mark.parametrize("selection", [None, "classifier"])
def test_more_translations_than_source_rows_are_still_distinct(shape, selection):
    X, y = make_images(shape, np.float64)
    sampler = make_sampler(
        sampling_strategy={"rare": 34},
        source="common",
        synthetic_fraction=1,
        selection=selection,
    )
    X_new, _ = sampler.fit_resample(X, y)
    translations = X_new[sampler.synthetic_mask_]
    assert len(translations) == 30 > COUNTS["common"]
    assert len({row.tobytes() for row in translations}) == 30


def test_vectors_vary_towards_others_of_the_source_class():
    X = np.random.RandomState(0).uniform(size=(20, 3))
    X[:8] += 10
    y = np.repeat(["rare", "common"], [8, 12])
    sampler = make_sampler(
        generator=make_brighten,
        sampling_strategy={"rare": 60},
        synthetic_fraction=1,
        learning_rate=1e-6,
    )
    X_new, _ = sampler.fit_resample(X, y)
    assert X_new[sampler.synthetic_mask_].max() < 1.1


def test_translations_do_not_depend_on_how_many_are_made_at_once(monkeypatch):
    monkeypatch.setattr("skgan_aug.training.config._FIRST_STEP", 1)
    X, y = make_images()
    options = {"sampling_strategy": {"rare": 40}, "synthetic_fraction": 1, "n_snapshots": 2}
    expected = resample(X, y, **options)
    monkeypatch.setattr("skgan_aug.training.cyclegan._MOST_VALUES", 7 * 6 * 5)
    assert_allclose(resample(X, y, **options).astype(int), expected.astype(int), atol=1)


def test_each_class_is_translated_from_rows_of_its_own():
    X, _ = make_images()
    y = np.repeat(["common", "rare", "rarer"], [15, 4, 4])
    sampler = make_sampler(source="common")
    _, y_new = sampler.fit_resample(X, y)
    origins = [
        sampler.source_indices_[sampler.synthetic_mask_ & (y_new == label)]
        for label in ("rare", "rarer")
    ]
    assert not np.array_equal(*origins)


def test_scores_with_a_gradient_are_refused_by_name(no_training):
    judge = nn.Linear(3, 1)
    X = np.random.RandomState(0).uniform(size=(20, 3))
    sampler = make_sampler(selection=lambda rows: judge(torch.from_numpy(rows).float())[:, 0])
    with pytest.raises(ValueError, match=r"selection must return .*detach\(\)"):
        sampler.fit_resample(X, np.repeat([0, 1], [14, 6]))


def test_a_selection_that_works_in_place_leaves_translations_alone():
    def brightest(rows):
        return rows.reshape(len(rows), -1).sum(axis=1)

    def brightest_in_place(rows):
        rows *= 0.5
        return brightest(rows)

    X, y = make_images(dtype=np.float64)
    expected, _ = make_sampler(selection=brightest).fit_resample(X, y)
    X_new, _ = make_sampler(selection=brightest_in_place).fit_resample(X, y)
    assert_array_equal(X_new, expected)


def test_a_discriminator_of_one_number_for_each_row_selects():
    def make_discriminator(spec):
        return nn.Sequential(nn.Flatten(), nn.Linear(30, 1), nn.Flatten(0))

    X, y = make_images()
    options = {"discriminator": make_discriminator, "selection": "discriminator"}
    sampler = make_sampler(**options)
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))


# Networks


class Brighten(nn.Module):
    """A generator that adds what it learnt to every pixel."""

    def __init__(self):
        super().__init__()
        self.change = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return (x + self.change).clamp(-1, 1)


def make_brighten(spec):
    return Brighten()


def make_judge(spec):
    return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(spec.row_shape)), 1))


def test_factories_make_the_networks():
    X, y = make_images()
    sampler = make_sampler(generator=make_brighten, discriminator=make_judge)
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))
    for cyclegan in sampler.cyclegans_.values():
        assert isinstance(cyclegan.generator_st, Brighten)
        assert isinstance(cyclegan.discriminator_t[1], nn.Linear)


def test_the_residual_generator_by_name():
    X, y = make_images()
    sampler = make_sampler(generator="resnet", sampling_strategy="minority", max_iter=1)
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))


def test_the_defaults_of_the_engine_are_those_of_the_sampler():
    parameters, config = CycleGANOverSampler().get_params(), vars(TrainingConfig())
    names = parameters.keys() & config.keys() - {"precision"}  # "auto" there
    assert len(names) == len(config) - 2  # beta1 is no parameter
    assert {name: config[name] for name in names} == {name: parameters[name] for name in names}


def test_every_weight_may_be_zero_and_every_extra_off():
    X, y = make_images()
    sampler = make_sampler(
        cycle_weight=0,
        identity_weight=0,
        classifier_weight=0,
        pool_size=0,
        ema_decay=0,
        augment=None,
        precision="float32",
    )
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))


# Afterwards


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3), (7,)], ids=str)
def test_translate_goes_both_ways(shape):
    X, y = make_images(shape)
    sampler = make_sampler(source="majority")
    sampler.fit_resample(X, y)
    there = sampler.translate(X[:3], source="common", target="rare")
    back = sampler.translate(X[:3], source="rare", target="common")
    for translated in there, back:
        assert translated.shape == (3, *shape)
        assert translated.dtype == X.dtype
    assert not np.array_equal(there, back)


def test_translate_never_holds_all_rows_as_floats(monkeypatch):
    def counted(self, x):
        sizes.append(len(x))
        return decode(self, x)

    decode, sizes = ImageSpec.decode, []
    X, y = make_images()
    sampler = make_sampler(source="majority")
    sampler.fit_resample(X, y)
    expected = sampler.translate(X, source="common", target="rare")
    monkeypatch.setattr("skgan_aug.training.cyclegan._MOST_VALUES", 7 * 6 * 5)
    monkeypatch.setattr(ImageSpec, "decode", counted)
    translated = sampler.translate(X, source="common", target="rare")
    assert max(sizes) == 7
    assert_allclose(translated.astype(int), expected.astype(int), atol=1)


@pytest.mark.parametrize(
    "selection", [None, lambda rows: rows.mean(axis=(1, 2))], ids=["all", "the brightest"]
)
def test_synthetic_rows_are_translations_of_their_source_rows(selection):
    X, y = make_images()
    sampler = make_sampler(
        source="majority", n_snapshots=0, min_strength=1, selection=selection
    )
    X_new, y_new = sampler.fit_resample(X, y)
    synthetic = sampler.synthetic_mask_ & (y_new == "rare")
    expected = sampler.translate(
        X[sampler.source_indices_[synthetic]], source="common", target="rare"
    )
    assert_array_equal(X_new[synthetic], expected)


@pytest.mark.parametrize("shape", [(6, 5, 3), (7,)], ids=["images", "vectors"])
@pytest.mark.parametrize("min_strength", [0.3, 0.9])
def test_synthetic_rows_go_part_of_the_way_to_a_translation(shape, min_strength):
    X, y = make_images(shape)
    X = X.astype(np.float64)
    sampler = make_sampler(source="majority", n_snapshots=0, min_strength=min_strength)
    X_new, y_new = sampler.fit_resample(X, y)
    synthetic = sampler.synthetic_mask_ & (y_new == "rare")
    sources = X[sampler.source_indices_[synthetic]]
    whole = sampler.translate(sources, source="common", target="rare") - sources
    gone = (X_new[synthetic] - sources).reshape(len(whole), -1)
    whole = whole.reshape(len(whole), -1)
    strengths = (gone * whole).sum(axis=1) / (whole**2).sum(axis=1)
    assert_allclose(gone, strengths[:, None] * whole, atol=1e-4 * np.ptp(X))
    assert (strengths > min_strength - 1e-3).all()
    assert (strengths < 1 + 1e-3).all()
    assert np.ptp(strengths) > 0.5 * (1 - min_strength)


@pytest.fixture
def compiled(monkeypatch):
    """The modules that somebody wanted compiled, instead of compiling them."""
    modules = []
    monkeypatch.setattr(torch, "compile", lambda function: function)
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: modules.append(self))
    return modules


def test_on_a_cpu_the_generators_of_each_pair_are_compiled_once(compiled):
    X, y = make_images()
    sampler = make_sampler(compile=True)
    sampler.fit_resample(X, y)
    generators = [
        generator
        for cyclegan in sampler.cyclegans_.values()
        for generator in (cyclegan.generator_st, cyclegan.generator_ts)
    ]
    assert {id(module) for module in compiled} == {id(each) for each in generators}
    assert len(compiled) == len(generators)


def test_on_a_gpu_all_networks_but_the_snapshots_are_compiled(compiled):
    X, y = make_images()
    sampler = make_sampler()
    sampler.fit_resample(X, y)
    cyclegan = next(iter(sampler.cyclegans_.values()))
    cyclegan.compile_networks(torch.device("cuda"))
    networks = dict(cyclegan.named_children())
    del networks["snapshots"]
    assert {id(module) for module in compiled} == {id(each) for each in networks.values()}
    assert len(compiled) == len(networks) == 5


def test_identical_translations_are_warned_of_where_the_sampler_is_called():
    X = np.zeros((40, 8, 8), dtype=np.uint8)
    X[30:] = 200
    y = np.repeat(["common", "rare"], [30, 10])
    sampler = make_sampler(synthetic_fraction=1.0, min_strength=1.0)
    message = r"Some of the 20 translations are identical.*Lower synthetic_fraction"
    with pytest.warns(UserWarning, match=message) as warned:
        sampler.fit_resample(X, y)
    assert warned[0].filename == __file__


@pytest.mark.parametrize("n_different", [1, 4, 30])
def test_identical_translations_of_vectors_are_warned_of(n_different):
    """Where most are: rows of a table may agree by chance."""
    X = np.random.RandomState(0).uniform(size=(40, 3))
    X[:30] = X[np.arange(30) % n_different]
    sampler = make_sampler(synthetic_fraction=1.0, min_strength=1.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sampler.fit_resample(X, np.repeat([0, 1], [30, 10]))
    said = [str(each.message) for each in caught]
    some = f"Some of the 20 translations are identical ({n_different} different)"
    assert [text.startswith(some) for text in said] == ([True] if n_different < 3 else [])


@pytest.mark.parametrize("dtype", [int, float])
def test_rows_of_whole_numbers_may_agree(dtype):
    X = np.random.RandomState(0).randint(2, size=(40, 3)).astype(dtype)
    sampler = make_sampler(synthetic_fraction=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampler.fit_resample(X, np.repeat([0, 1], [30, 10]))


@pytest.mark.parametrize("memory", [False, True])
def test_networks_of_ones_own_in_inference_mode(memory, tmp_path):
    X, y = make_images()

    def make(spec):
        return nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.BatchNorm2d(1), nn.Tanh())

    params = {"generator": make, "discriminator": make, "device": "cpu"}
    if memory:
        params["memory"] = tmp_path
    sampler = make_sampler(**params)
    expected, _ = sampler.fit_resample(X, y)
    with torch.inference_mode():
        again, _ = clone(sampler).set_params(memory=None).fit_resample(X, y)
        sampler.fit(X, y)
    assert_array_equal(again, expected)


def test_former_networks_are_not_held_while_others_train(monkeypatch):
    X, y = make_images()
    sampler = make_sampler()
    sampler.fit_resample(X, y)
    former = [weakref.ref(gan) for gan in sampler.cyclegans_.values()]
    train = CycleGANTrainer.fit

    def watched(self, **options):
        gc.collect()
        assert not any(reference() for reference in former)
        return train(self, **options)

    monkeypatch.setattr(CycleGANTrainer, "fit", watched)
    sampler.fit_resample(X, y)


@pytest.mark.parametrize("method", ["fit", "fit_resample"])
@pytest.mark.parametrize(
    ("params", "change"),
    [
        ({"source": "typo"}, lambda X, y: (X[:, :4], y)),
        ({"sampling_strategy": {"rare": 1}}, lambda X, y: (X[:, :4], y)),
        ({}, lambda X, y: (X[:, :4], y[1:])),
        ({}, lambda X, y: (np.full(X.shape, np.nan), y)),
        ({"generator": lambda spec: "no network"}, lambda X, y: (X[:, :4], y)),
    ],
    ids=["source", "strategy", "lengths", "numbers", "network"],
)
def test_a_call_that_is_refused_leaves_what_another_trained(params, change, method):
    X, y = make_images()
    sampler = make_sampler()
    sampler.fit_resample(X, y)
    before = vars(sampler).copy()
    with pytest.raises((ValueError, TypeError)):
        getattr(sampler.set_params(**params), method)(*change(X, y))
    assert vars(sampler) == before | params
    source, target = next(iter(sampler.cyclegans_))
    assert sampler.translate(X, source=source, target=target).shape == X.shape


@pytest.mark.parametrize("parameter", ["memory", "checkpoint_dir"])
def test_a_folder_that_cannot_be_made_costs_nothing_and_fit_makes_none(parameter, tmp_path):
    X, y = make_images()
    sampler = make_sampler()
    sampler.fit_resample(X, y)
    before = vars(sampler).copy()
    (tmp_path / "file").touch()
    given = {parameter: str(tmp_path / "file" / "folder")}
    with pytest.raises(ValueError, match=f"{parameter}=.* cannot be made"):
        sampler.set_params(**given).fit_resample(X[:, :4], y)
    assert vars(sampler) == before | given
    make_sampler(**{parameter: tmp_path / "folder"}).fit(X, y)
    assert not (tmp_path / "folder").exists()


def test_a_refused_first_call_leaves_nothing():
    X, y = make_images()
    sampler = make_sampler(source="typo")
    with pytest.raises(ValueError, match="typo"):
        sampler.fit_resample(X, y)
    assert vars(sampler) == vars(make_sampler(source="typo"))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("enabled", [True, False], ids=["on", "off"])
def test_autocast_of_the_caller_changes_nothing(precision, enabled):
    X, y = make_images()
    sampler = make_sampler(precision=precision, device="cpu", synthetic_fraction=1.0)
    expected, _ = sampler.fit_resample(X, y)
    pair = dict(zip(("source", "target"), next(iter(sampler.cyclegans_)), strict=True))
    translated = sampler.translate(X, **pair)
    with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
        again, _ = sampler.fit_resample(X, y)
        assert_array_equal(sampler.translate(X, **pair), translated)
    assert_array_equal(again, expected)


def test_a_memory_that_keeps_nothing_fixes_no_seed():
    X, y = make_images()
    sampler = make_sampler(memory=joblib.Memory(None), random_state=None)
    first, second = (
        next(iter(sampler.fit_resample(X, y) and sampler.cyclegans_.values()))
        for _ in range(2)
    )
    weights = (list(gan.generator_st.state_dict().values()) for gan in (first, second))
    assert not all(map(torch.equal, *weights))


@pytest.mark.parametrize("image_shape", [None, (6, 5)], ids=["images", "rows"])
def test_masks_of_uint8_are_warned_of(image_shape):
    X, y = make_images((6, 5), high=2)
    X = X if image_shape is None else X.reshape(len(X), -1)
    message = r"uint8 images of values from 0 to 1, .*Pass X.astype\(np.float32\)"
    with pytest.warns(UserWarning, match=message) as warned:
        make_sampler(image_shape=image_shape).fit_resample(X, y)
    assert warned[0].filename == __file__


@pytest.mark.parametrize("shape", [(6, 5, 3), (4,)], ids=["images", "vectors"])
def test_what_torch_makes_by_default_changes_nothing(shape):
    X, y = make_images(shape, np.float32)
    many = {"sampling_strategy": {"rare": 60}, "synthetic_fraction": 1.0}
    sampler = make_sampler(device="cpu", **many)
    expected, _ = sampler.fit_resample(X, y)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")  # stands for a GPU
    try:
        X_resampled, _ = sampler.fit_resample(X, y)
        assert torch.get_default_dtype() == torch.float64
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
    assert_array_equal(X_resampled, expected)


@pytest.mark.parametrize("n_channels", [1, 3, 4])
def test_images_of_torch_are_warned_of(n_channels):
    X, y = make_images((6, 5, n_channels))
    X_first = X.transpose(0, 3, 1, 2)
    message = r"shape .*\(H, W, C\), as if they had 5 channels.*X.transpose\(0, 2, 3, 1\)"
    with pytest.warns(UserWarning, match=message) as warned:
        make_sampler().fit_resample(X_first, y)
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_sampler().fit(X_first.transpose(0, 2, 3, 1), y)


def test_snapshots_take_turns_in_making_synthetic_rows(monkeypatch):
    monkeypatch.setattr("skgan_aug.training.config._FIRST_STEP", 1)
    X, y = make_images()
    sampler = make_sampler(source="majority", n_snapshots=2, max_iter=3, min_strength=1)
    X_new, y_new = sampler.fit_resample(X, y)
    synthetic = sampler.synthetic_mask_ & (y_new == "rare")
    cyclegan = sampler.cyclegans_["common", "rare"]
    x = cyclegan.spec.encode(cyclegan.spec.as_tensor(X[sampler.source_indices_[synthetic]]))
    assert len(x) > 2
    for position, row in enumerate(X_new[synthetic]):
        snapshot = cyclegan.snapshots[position % 2]
        with torch.no_grad():
            expected = cyclegan.spec.decode(snapshot(x[position : position + 1]))
        assert_array_equal(row, expected[0])


def test_fit_forgets_what_fit_resample_made():
    X, y = make_images()
    sampler = make_sampler()
    sampler.fit_resample(X, y)
    sampler.fit(X[:, :4].reshape(len(X), -1), y)
    assert sampler.image_shape_ is None
    assert (
        not {
            "cyclegans_",
            "history_",
            "synthetic_fraction_",
            "synthetic_mask_",
            "source_indices_",
        }
        & vars(sampler).keys()
    )
    with pytest.raises(NotFittedError):
        sampler.translate(X, source="common", target="rare")


def test_translate_refuses_what_was_not_fitted():
    X, y = make_images()
    sampler = make_sampler(sampling_strategy="minority", source="majority")
    with pytest.raises(NotFittedError):
        sampler.translate(X, source="common", target="rare")
    sampler.fit_resample(X, y)
    with pytest.raises(ValueError, match="source='common' and target='uncommon'"):
        sampler.translate(X, source="common", target="uncommon")
    for other in (X[:, :, :4], X.reshape(len(X), -1)):
        with pytest.raises(ValueError, match="rows of shape"):
            sampler.translate(other, source="common", target="rare")


def test_history_has_finite_losses_for_each_pair():
    X, y = make_images()
    sampler = make_sampler()
    sampler.fit_resample(X, y)
    assert sampler.history_.keys() == sampler.cyclegans_.keys()
    for records in sampler.history_.values():
        assert records[-1]["n_iter"] == 2
        assert np.isfinite([value for record in records for value in record.values()]).all()


def test_a_fitted_sampler_survives_pickling():
    X, y = make_images()
    sampler = make_sampler(source="majority")
    sampler.fit_resample(X, y)
    again = pickle.loads(pickle.dumps(sampler))
    assert_array_equal(
        again.translate(X, source="common", target="rare"),
        sampler.translate(X, source="common", target="rare"),
    )


# One random_state


def resample(X, y, **parameters):
    return make_sampler(**parameters).fit_resample(X, y)[0]


@pytest.mark.parametrize("shape", [(6, 5), (6,)], ids=["images", "vectors"])
def test_an_integer_makes_refits_identical(shape):
    X, y = make_images(shape)
    sampler = make_sampler(random_state=3)
    first, _ = sampler.fit_resample(X, y)
    assert_array_equal(sampler.fit_resample(X, y)[0], first)
    assert_array_equal(clone(sampler).fit_resample(X, y)[0], first)
    assert not np.array_equal(resample(X, y, random_state=4), first)


def test_none_draws_anew():
    X, y = make_images((6,))
    sampler = make_sampler(random_state=None)
    assert not np.array_equal(sampler.fit_resample(X, y)[0], sampler.fit_resample(X, y)[0])


def test_a_generator_gives_what_its_state_gives():
    X, y = make_images((6,))
    first = resample(X, y, random_state=np.random.RandomState(5))
    assert_array_equal(resample(X, y, random_state=np.random.RandomState(5)), first)
    assert not np.array_equal(resample(X, y, random_state=np.random.RandomState(6)), first)


@pytest.mark.parametrize("shape", [(6, 5), (6,)], ids=["images", "vectors"])
def test_global_generators_are_left_alone(shape, global_rng_is_left_alone):
    X, y = make_images(shape)
    resample(X, y, random_state=0, sampling_strategy={"rare": 40})


def test_a_pair_learns_the_same_whichever_others_there_are():
    X, y = make_images()
    alone, together = (
        make_sampler(source="majority", sampling_strategy=plan)
        for plan in ({"rare": 12}, "auto")
    )
    alone.fit_resample(X, y)
    together.fit_resample(X, y)
    assert_array_equal(
        alone.translate(X, source="common", target="rare"),
        together.translate(X, source="common", target="rare"),
    )


def test_pairs_of_one_source_start_from_weights_of_their_own():
    X, y = make_images((3,))
    sampler = make_sampler(source="majority", max_iter=1, learning_rate=1e-9)
    sampler.fit_resample(X, y)
    first, second = (gan.generator_st.state_dict() for gan in sampler.cyclegans_.values())
    assert not torch.allclose(first["change.0.weight"], second["change.0.weight"])


def test_parallel_training_changes_nothing():
    X, y = make_images()
    assert_array_equal(resample(X, y, n_jobs=2), resample(X, y))


@pytest.mark.parametrize(("n_jobs", "n_started"), [(-1, 2), (7, 2), (1, 1), (None, 1)])
def test_no_more_processes_than_pairs(n_jobs, n_started, monkeypatch):
    class Parallel(joblib.Parallel):
        def __init__(self, n_jobs=None):
            super().__init__(n_jobs=1)
            started.append(n_jobs)

    started = []
    monkeypatch.setattr(joblib, "Parallel", Parallel)
    monkeypatch.setattr(joblib.parallel, "cpu_count", lambda *args, **kwargs: 16)
    monkeypatch.setattr(joblib, "effective_n_jobs", lambda n: {None: 1, -1: 16}.get(n, n))
    make_sampler(n_jobs=n_jobs).fit_resample(*make_images())
    assert started == [n_started]


def test_pairs_are_dealt_over_the_gpus(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr("skgan_aug._devices._compute_on", lambda device: None)
    dealt = [str(device) for device in deal_devices(torch.device("cuda"), 3)]
    assert dealt == ["cuda:0", "cuda:1", "cuda:0"]
    assert deal_devices(torch.device("cuda:1"), 2) == 2 * [torch.device("cuda:1")]


# Memory and checkpoints


@pytest.fixture
def counted_steps(monkeypatch):
    """Count the steps of all trainings in this process."""
    steps = []
    train_step = CycleGANTrainer.train_step

    def counting(self, *batches):
        steps.append(self.n_iter)
        return train_step(self, *batches)

    monkeypatch.setattr(CycleGANTrainer, "train_step", counting)
    return steps


@pytest.mark.parametrize("as_object", [False, True], ids=["path", "joblib.Memory"])
def test_memory_trains_each_pair_once_over_a_grid(tmp_path, counted_steps, as_object):
    X, y = make_images()
    memory = joblib.Memory(tmp_path, verbose=0) if as_object else str(tmp_path)
    grid = [
        {"sampling_strategy": 0.75},
        {"sampling_strategy": 1.0},
        {"sampling_strategy": {"rare": 40}},
        {"synthetic_fraction": 0.2},
        {"selection": None},
        {"n_jobs": 1},
    ]
    results = [resample(X, y, source="majority", memory=memory, **p) for p in grid]
    assert len(counted_steps) == 2 * 2  # pairs, steps
    for parameters, result in zip(grid, results, strict=True):
        assert_array_equal(resample(X, y, source="majority", **parameters), result)


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_iter": 1},
        {"batch_size": 3},
        {"learning_rate": 1e-5},
        {"cycle_weight": 3},
        {"identity_weight": 7},
        {"classifier_weight": 5},
        {"pool_size": 0},
        {"ema_decay": 0.1},
        {"n_snapshots": 1},
        {"real_label": 0.9},
        {"early_stopping": True},
        {"n_iter_no_change": 9},
        {"augment": ()},
        {"random_state": 9},
        {"source": "rest"},
        {"generator": make_brighten},
        {"discriminator": make_judge},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_memory_trains_anew_for_what_shapes_training(tmp_path, counted_steps, parameters):
    X, y = make_images((4, 4))
    kept = {"memory": str(tmp_path), "source": "majority", "sampling_strategy": {"rare": 12}}
    resample(X, y, **kept)
    counted_steps.clear()
    resample(X, y, **kept | parameters)
    assert counted_steps


def test_memory_serves_refits_without_a_seed_too(tmp_path, counted_steps):
    X, y = make_images((4, 4))
    first = resample(X, y, memory=str(tmp_path), random_state=None)
    counted_steps.clear()
    second = resample(X, y, memory=str(tmp_path), random_state=None)
    assert counted_steps == []
    assert not np.array_equal(first, second)  # other rows are translated and drawn


def test_checkpoints_serve_refits_without_a_seed_too(tmp_path, counted_steps):
    X, y = make_images((4, 4))
    resample(X, y, checkpoint_dir=tmp_path, random_state=None)
    counted_steps.clear()
    resample(X, y, checkpoint_dir=tmp_path, random_state=None)
    assert counted_steps == []


def test_what_auto_trains_is_found_without_a_seed_too(tmp_path, counted_steps, monkeypatch):
    monkeypatch.setattr("skgan_aug.synthetic_fraction._CLASSIFIER_STEPS", 1)
    monkeypatch.setattr("skgan_aug.synthetic_fraction.N_CLASSIFIERS", 1)
    X, y = make_images((4,))
    kept = {"checkpoint_dir": tmp_path, "synthetic_fraction": "auto", "random_state": None}
    resample(X, y, **kept)
    assert counted_steps
    counted_steps.clear()
    resample(X, y, **kept)
    assert counted_steps == []


def test_memory_holds_no_more_than_cache_size(tmp_path):
    X, y = make_images((4, 4))
    resample(X, y, memory=tmp_path, cache_size=0)
    assert len(CycleGANCache(tmp_path).entries()) == 1  # the last of two


def test_memory_trains_anew_for_other_pixels(tmp_path, counted_steps):
    X, y = make_images((4, 4))
    resample(X, y, memory=str(tmp_path))
    counted_steps.clear()
    X[y == "common"] //= 2
    resample(X, y, memory=str(tmp_path))
    assert counted_steps


def test_interrupted_training_resumes_to_the_same_result(tmp_path, monkeypatch, counted_steps):
    import skgan_aug.training.loop as loop

    X, y = make_images()
    parameters = {"sampling_strategy": "minority", "max_iter": 6}
    expected = resample(X, y, **parameters)
    counted_steps.clear()

    monkeypatch.setattr(loop, "_CHECKPOINT_SECONDS", -1)  # after every step
    draw_batches = CycleGANTrainer.draw_batches

    def interrupted(self):
        if self.n_iter == 4:
            raise KeyboardInterrupt
        return draw_batches(self)

    with monkeypatch.context() as patch:
        patch.setattr(CycleGANTrainer, "draw_batches", interrupted)
        with pytest.raises(KeyboardInterrupt):
            resample(X, y, checkpoint_dir=tmp_path, **parameters)

    result = resample(X, y, checkpoint_dir=tmp_path, **parameters)
    assert counted_steps == [0, 1, 2, 3, 4, 5]
    assert_array_equal(result, expected)


# What is shown


def test_silent_by_default(capfd):
    resample(*make_images())
    assert capfd.readouterr() == ("", "")


def test_verbose_shows_a_bar_and_losses(capfd):
    X, y = make_images()
    resample(X, y, verbose=1, source="majority")
    shown = capfd.readouterr().err
    assert "CycleGAN common -> rare" in shown
    assert "2/2" in shown
    assert "cycle" not in shown
    resample(X, y, verbose=2)
    assert "cycle" in capfd.readouterr().err


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_what_a_gpu_trained_translates_on_a_cpu():
    X, y = make_images()
    sampler = make_sampler(device="cuda", source="majority")
    assert_consistent(sampler, X, y, *sampler.fit_resample(X, y))
    again = pickle.loads(pickle.dumps(sampler)).set_params(device="cpu")
    expected = sampler.translate(X, source="common", target="rare").astype(int)
    translated = again.translate(X, source="common", target="rare").astype(int)
    assert np.abs(translated - expected).max() <= 1
