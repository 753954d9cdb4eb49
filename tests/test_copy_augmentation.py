"""copy_augmentation: real rows drawn again are changed once, and nothing else is."""

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from torch import nn

from skgan_aug import CycleGANOverSampler
from skgan_aug.persistence import load, save

FARTHEST = 1  # shift of images of 9x10: an eighth of either side


def make_images(dtype=np.uint8, shape=(9, 10), seed=0):
    """Noise, 30 common and 6 rare images, from 0 to 255 or that part of what dtype holds."""
    X = np.random.RandomState(seed).randint(256, size=(36, *shape))
    return X.astype(dtype), np.repeat(["common", "rare"], [30, 6])


def make_sampler(**parameters):
    given = {"max_iter": 2, "batch_size": 4, "random_state": 0}
    return CycleGANOverSampler(**given | parameters)


def copies_of(sampler, X, y):
    """The copies, and the rows that they are copies of."""
    X_new, _ = sampler.fit_resample(X, y)
    is_copy = ~sampler.synthetic_mask_
    is_copy[: len(X)] = False
    return X_new[is_copy], X[sampler.source_indices_[is_copy]]


def all_shifts(image):
    far = [(FARTHEST, FARTHEST)] * 2 + [(0, 0)] * (image.ndim - 2)
    padded = np.pad(image, far, mode="reflect")
    height, width = image.shape[:2]
    steps = range(2 * FARTHEST + 1)
    return [padded[i : i + height, j : j + width] for i in steps for j in steps]


def variants(image, augmentation):
    mirrored = [image, image[:, ::-1]] if "flips" in augmentation else [image]
    if "shifts" not in augmentation:
        return mirrored
    return [shifted for each in mirrored for shifted in all_shifts(each)]


@pytest.mark.parametrize("augmentation", ["flips", "shifts", "flips_shifts"])
@pytest.mark.parametrize("shape", [(9, 10), (9, 10, 3)], ids=str)
def test_each_copy_is_its_row_mirrored_or_shifted(augmentation, shape, monkeypatch):
    X, y = make_images(shape=shape)
    monkeypatch.setattr("skgan_aug._augmentation._MOST_VALUES", 3 * X[0].size)  # in batches
    copies, rows = copies_of(make_sampler(copy_augmentation=augmentation), X, y)
    assert len(copies) > 10
    seen = set()
    for copy, row in zip(copies, rows, strict=True):
        matches = [
            i for i, own in enumerate(variants(row, augmentation)) if (own == copy).all()
        ]
        assert matches
        seen.update(matches)
    assert len(seen) > 1


def test_images_larger_than_a_batch_come_one_by_one(monkeypatch):
    X, y = make_images()
    monkeypatch.setattr("skgan_aug._augmentation._MOST_VALUES", X[0].size - 1)
    copies, rows = copies_of(make_sampler(copy_augmentation="flips"), X, y)
    assert len(copies) > 10
    is_own = [(copies == own).all(axis=(1, 2)) for own in (rows, rows[:, :, ::-1])]
    assert np.any(is_own, axis=0).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float32, ">f4", "f8"])
def test_pixels_of_every_dtype_are_kept(dtype):
    X, y = make_images(dtype)
    copies, rows = copies_of(make_sampler(copy_augmentation="flips"), X, y)
    assert copies.dtype == X.dtype
    tolerance = 0 if np.dtype(dtype).kind in "iu" else 1e-4
    both = np.stack([rows, rows[:, :, ::-1]])
    assert (np.abs(both - copies).max(axis=(2, 3)).min(axis=0) <= tolerance).all()


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_nothing_else_changes(fraction):
    X, y = make_images()
    plain, moving = (
        make_sampler(synthetic_fraction=fraction, copy_augmentation=augmentation)
        for augmentation in (None, "flips_shifts")
    )
    (X_plain, y_plain), (X_moved, y_moved) = (s.fit_resample(X, y) for s in (plain, moving))
    assert_array_equal(y_moved, y_plain)
    assert_array_equal(moving.synthetic_mask_, plain.synthetic_mask_)
    assert_array_equal(moving.source_indices_, plain.source_indices_)
    is_kept = plain.synthetic_mask_ | (np.arange(len(y_plain)) < len(y))
    assert_array_equal(X_moved[is_kept], X_plain[is_kept])
    assert (fraction == 1) == np.array_equal(X_moved, X_plain)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_rare=st.integers(1, 5),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    augmentation=st.sampled_from(["flips", "shifts", "flips_shifts"]),
)
def test_any_images(seed, n_rare, size, augmentation):
    rng = np.random.RandomState(seed)
    X = rng.randint(256, size=(8 + n_rare, *size)).astype(np.uint8)
    y = np.repeat([0, 1], [8, n_rare])
    sampler = make_sampler(
        synthetic_fraction=0.0, copy_augmentation=augmentation, random_state=seed
    )
    copies, rows = copies_of(sampler, X, y)
    again, _ = copies_of(clone(sampler), X, y)
    assert_array_equal(copies, again)
    for copy, row in zip(copies, rows, strict=True):
        assert set(copy.ravel()) <= set(row.ravel())
        if augmentation == "flips":
            assert any((own == copy).all() for own in (row, row[:, ::-1]))


def test_flattened_images_and_frames_equal_images():
    X, y = make_images()
    sampler = make_sampler(copy_augmentation="flips_shifts")
    expected, _ = sampler.fit_resample(X, y)
    flat = pd.DataFrame(X.reshape(len(X), -1))
    X_flat, _ = clone(sampler).set_params(image_shape=(9, 10)).fit_resample(flat, y)
    assert_array_equal(X_flat, expected.reshape(len(expected), -1))
    assert (X_flat.dtypes == np.uint8).all()


def test_results_do_not_depend_on_torchs_global_generator_nor_change_it():
    X, y = make_images()
    for augmentation in ("flips_shifts", lambda x: x + 0.1 * torch.randn_like(x)):
        sampler = make_sampler(synthetic_fraction=0.0, copy_augmentation=augmentation)
        results = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            state = torch.get_rng_state()
            results.append(sampler.fit_resample(X, y)[0])
            assert torch.equal(torch.get_rng_state(), state)
        assert_array_equal(*results)
        other, _ = clone(sampler).set_params(random_state=1).fit_resample(X, y)
        assert not np.array_equal(other, results[0])


# Functions of the user's


def test_a_function_is_given_images_between_minus_one_and_one_and_clipped():
    X, y = make_images(shape=(9, 10, 3))
    given = []

    def brighten(x):
        given.append(x.clone())
        return x + 128 / 127.5

    copies, rows = copies_of(make_sampler(copy_augmentation=brighten), X, y)
    assert all(x.dtype == torch.float32 and x.shape[1:] == (3, 9, 10) for x in given)
    assert all(x.min() >= -1 and x.max() <= 1 for x in given)
    assert_array_equal(copies, np.minimum(rows.astype(int) + 128, 255))


def test_vectors_have_functions():
    rng = np.random.RandomState(0)
    X, y = rng.normal(size=(36, 5)).astype(np.float32), np.repeat([0, 1], [30, 6])
    copies, rows = copies_of(make_sampler(copy_augmentation=torch.neg), X, y)
    low, high = X.min(axis=0), X.max(axis=0)
    np.testing.assert_allclose(copies, low + high - rows, atol=1e-5)


class Counting(nn.Module):
    """Knows how often it was called."""

    def __init__(self):
        super().__init__()
        self.register_buffer("n_calls", torch.zeros(()))

    def forward(self, x):
        self.n_calls += 1
        return x


def test_a_module_with_buffers_is_not_changed():
    X, y = make_images()
    module = Counting()
    copies, rows = copies_of(make_sampler(copy_augmentation=module), X, y)
    assert_array_equal(copies, rows)
    assert module.n_calls == 0


def raise_oops(x):
    raise RuntimeError("oops")


@pytest.mark.parametrize(
    ("augmentation", "message"),
    [
        (raise_oops, "copy_augmentation failed on a batch of shape .* RuntimeError: oops"),
        (lambda x: x.numpy(), "copy_augmentation must return a float32 tensor of 36 images"),
        (lambda x: x[1:], "copy_augmentation must return a float32 tensor of 36 images"),
        (lambda x: x[:, :, 1:], r"of shape \(1, 9, 10\), .* but returned shape \(1, 8, 10\)"),
        (lambda x: x / 0, "but returned shape .* with NaN or infinity"),
        ("turns", "The 'copy_augmentation' parameter of CycleGANOverSampler"),
    ],
    ids=["raises", "no_tensor", "fewer", "smaller", "infinite", "unknown"],
)
def test_what_cannot_work_is_refused_before_training(augmentation, message, monkeypatch):
    monkeypatch.setattr("skgan_aug.over_sampling.train_cyclegan", None)
    X, y = make_images()
    sampler = make_sampler(copy_augmentation=augmentation)
    for call in (sampler.fit, sampler.fit_resample):
        with pytest.raises(ValueError, match=message):
            call(X, y)


def test_names_are_refused_of_vectors():
    X, y = make_images()
    sampler = make_sampler(copy_augmentation="flips")
    with pytest.raises(
        ValueError, match="copy_augmentation='flips' is for images, but X holds"
    ):
        sampler.fit_resample(X.reshape(len(X), -1), y)


# Elsewhere


def test_auto_tries_copies_as_they_will_be(monkeypatch):
    seen = []
    train = CycleGANOverSampler._fit_resample

    def recording(self, X, y):
        X_new, y_new = train(self, X, y)
        is_copy = ~self.synthetic_mask_[len(X) :]
        origins = X[self.source_indices_[len(X) :]]
        seen.append(np.array_equal(X_new[len(X) :][is_copy], origins[is_copy]))
        return X_new, y_new

    monkeypatch.setattr(CycleGANOverSampler, "_fit_resample", recording)
    monkeypatch.setattr("skgan_aug.synthetic_fraction._CLASSIFIER_STEPS", 1)
    X, y = make_images()
    make_sampler(synthetic_fraction="auto", copy_augmentation="flips").fit_resample(X, y)
    assert seen == [False] * 3


def test_memory_finds_what_was_trained_with_copies_as_they_are(tmp_path, monkeypatch):
    X, y = make_images()
    sampler = make_sampler(memory=tmp_path)
    sampler.fit_resample(X, y)
    monkeypatch.setattr("skgan_aug.training.loop", None)
    n_files = len(list(tmp_path.rglob("*")))
    sampler.set_params(copy_augmentation="shifts").fit_resample(X, y)
    assert len(list(tmp_path.rglob("*"))) == n_files


def test_it_is_saved(tmp_path):
    X, y = make_images()
    sampler = make_sampler(copy_augmentation="shifts")
    sampler.fit_resample(X, y)
    save(sampler, tmp_path / "sampler.safetensors")
    assert load(tmp_path / "sampler.safetensors").copy_augmentation == "shifts"


def test_jobs_do_not_change_copies():
    X, y = make_images()
    y[:3] = "other"
    sampler = make_sampler(copy_augmentation="flips_shifts", n_jobs=2)
    with joblib.parallel_config("threading"):
        X_two, _ = sampler.fit_resample(X, y)
    assert_array_equal(X_two, clone(sampler).set_params(n_jobs=1).fit_resample(X, y)[0])
