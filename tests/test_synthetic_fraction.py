"""synthetic_fraction and min_strength told from the rows of a class, or from what helps."""

import numpy as np
import pytest
import torch
from torch import nn

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier, synthetic_fraction
from skgan_aug._scale import fraction_of_class, min_strength_of_class
from skgan_aug.folders import plan_folder
from skgan_aug.persistence import load, save
from skgan_aug.synthetic_fraction import (
    are_worth_it,
    gain_and_error,
    hold_back,
    wanted_counts,
)

N_COMMON, N_RARE, SIDE = 90, 9, 8
FRAME = np.zeros((SIDE, SIDE), dtype=np.float32)
FRAME[[0, -1]] = FRAME[:, [0, -1]] = 1.0


@pytest.fixture(autouse=True)
def short_classifiers(monkeypatch):
    monkeypatch.setattr(synthetic_fraction, "_CLASSIFIER_STEPS", 60)


@pytest.fixture
def noise_and_frames():
    """Noise; a rare class of noise in a faint frame, which copies are too few to tell of."""
    X = np.random.RandomState(0).normal(100, 25, size=(N_COMMON + N_RARE, SIDE, SIDE))
    X[N_COMMON:] += 25 * FRAME
    return X.clip(0, 255).astype(np.uint8), np.repeat(["noise", "frame"], [N_COMMON, N_RARE])


class AddingFrame(nn.Module):
    """What a perfect generator would do, with a weight for the optimiser to move."""

    def __init__(self):
        super().__init__()
        self.amount = nn.Parameter(torch.tensor(25 / 127.5))

    def forward(self, x):
        return x + self.amount * torch.from_numpy(FRAME).to(x)


class LeavingAlone(AddingFrame):
    """What a generator that has learnt nothing does."""

    def forward(self, x):
        return x + 0.0 * self.amount


def make_sampler(generator, **params):
    return CycleGANOverSampler(
        synthetic_fraction="auto",
        generator=generator,
        max_iter=1,
        batch_size=2,
        learning_rate=1e-6,
        n_snapshots=0,
        device="cpu",
        random_state=0,
        **params,
    )


@pytest.mark.parametrize(
    ("n_real", "fraction"), [(2, 1 / 2), (15, 1 / 2), (30, 1 / 3), (60, 1 / 5), (735, 0.02)]
)
def test_the_more_real_rows_the_fewer_translations(n_real, fraction):
    assert fraction_of_class("scale", n_real, 5000) == pytest.approx(fraction)
    assert fraction_of_class(0.3, n_real, 5000) == 0.3


def test_no_cyclegan_is_trained_for_a_handful_of_translations():
    X, y = np.random.RandomState(0).rand(465, 3), np.repeat([0, 1, 2], [275, 180, 10])
    sampler = CycleGANOverSampler(max_iter=1, device="cpu", random_state=0)
    sampler.fit_resample(X, y)  # 95 rows for 180: 7 translations
    assert sampler.synthetic_fraction_ == {1: pytest.approx(15 / 195), 2: 0.5}
    assert [target for _, target in sampler.cyclegans_] == [1, 2]

    sampler.set_params(sampling_strategy={1: 193, 2: 275})  # 13 rows: 1 translation
    _, y_resampled = sampler.fit_resample(X, y)
    assert sampler.synthetic_fraction_ == {1: 0.0, 2: 0.5}
    assert [target for _, target in sampler.cyclegans_] == [2]
    assert np.bincount(y_resampled).tolist() == [275, 193, 275]

    sampler.set_params(synthetic_fraction=0.1).fit_resample(X, y)  # a number is obeyed
    assert [target for _, target in sampler.cyclegans_] == [1, 2]


@pytest.mark.parametrize(
    ("n_real", "strength"), [(2, 0.3), (15, 0.3), (24, 0.44), (60, 1.0), (735, 1.0)]
)
def test_the_more_real_rows_the_farther_translations_go(n_real, strength):
    assert min_strength_of_class("scale", n_real) == pytest.approx(strength)
    assert min_strength_of_class(0.5, n_real) == 0.5


def test_each_class_has_its_own_strength_by_default():
    X = np.random.RandomState(0).randint(0, 256, size=(125, SIDE, SIDE)).astype(np.uint8)
    y = np.repeat(["common", "some", "few"], [80, 30, 15])

    def added(label, **params):
        sampler = make_sampler(lambda spec: AddingFrame(), **params)
        sampler.set_params(synthetic_fraction=0.5)
        X_resampled, y_resampled = sampler.fit_resample(X, y)
        return X_resampled[(y_resampled == label) & sampler.synthetic_mask_]

    some, few = (min_strength_of_class("scale", n) for n in (30, 15))
    assert few < some
    np.testing.assert_array_equal(added("few"), added("few", min_strength=few))
    np.testing.assert_array_equal(added("some"), added("some", min_strength=some))
    assert not np.array_equal(added("some"), added("some", min_strength=few))


def test_each_class_has_its_own_share_by_default():
    X = np.random.RandomState(0).randint(0, 256, size=(110, SIDE, SIDE)).astype(np.uint8)
    y = np.repeat(["common", "some", "few"], [75, 30, 5])
    sampler = make_sampler("auto").set_params(synthetic_fraction="scale")
    _, y_resampled = sampler.fit_resample(X, y)
    assert sampler.synthetic_fraction_ == {"few": 1 / 2, "some": 1 / 3}
    labels, counts = np.unique(y_resampled[sampler.synthetic_mask_], return_counts=True)
    assert dict(zip(labels, counts, strict=True)) == {"few": 35, "some": 15}
    assert (
        sampler.get_params()["synthetic_fraction"] == CycleGANOverSampler().synthetic_fraction
    )


def test_translations_that_teach_the_class_are_taken(noise_and_frames):
    sampler = make_sampler(lambda spec: AddingFrame())
    _, y = sampler.fit_resample(*noise_and_frames)
    assert sampler.synthetic_fraction_ == {"frame": 0.5}
    assert sampler.synthetic_mask_.sum() == round(0.5 * (N_COMMON - N_RARE))
    assert np.sum(y == "frame") == N_COMMON


def test_translations_that_change_nothing_are_left_out(noise_and_frames):
    X, y = noise_and_frames
    X[y == "frame"] //= 4  # a class that its copies are enough for
    sampler = make_sampler(lambda spec: LeavingAlone())
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert sampler.synthetic_fraction_ == {"frame": 0.0}
    assert not sampler.synthetic_mask_.any()
    assert sampler.cyclegans_ == {}
    assert np.sum(y_resampled == "frame") == N_COMMON
    assert np.array_equal(X_resampled, X[sampler.source_indices_])


def test_same_seed_same_choice_and_rows(noise_and_frames):
    first, second = (
        make_sampler(lambda spec: AddingFrame()).fit_resample(*noise_and_frames)
        for _ in range(2)
    )
    assert np.array_equal(first[0], second[0])


def test_flattened_images_and_vectors(noise_and_frames):
    X, y = noise_and_frames
    rows = X.reshape(len(X), -1)
    for params in ({"image_shape": (SIDE, SIDE)}, {}):
        sampler = make_sampler("auto", **params)
        assert sampler.fit_resample(rows, y)[0].shape == (2 * N_COMMON, SIDE * SIDE)
        assert sampler.synthetic_fraction_["frame"] in (0.0, 0.5)


def test_two_rows_cannot_tell(noise_and_frames):
    X, y = noise_and_frames
    sampler = make_sampler(lambda spec: AddingFrame())
    sampler.fit_resample(X[: N_COMMON + 2], y[: N_COMMON + 2])
    assert sampler.synthetic_fraction_ == {"frame": 0.0}


@pytest.fixture
def classifiers(monkeypatch):
    """What each classifier learnt from and judged, instead of training it."""
    seen = []

    def fit(self, X, y):
        seen.append({"self": self, "X": X, "y": y})
        return self

    def predict(self, X):
        seen[-1]["judged"] = X
        return np.repeat("noise", len(X))

    monkeypatch.setattr(TorchCNNClassifier, "fit", fit)
    monkeypatch.setattr(TorchCNNClassifier, "predict", predict)
    return seen


def test_what_is_held_back_is_not_learnt_from(noise_and_frames, classifiers):
    sampler = make_sampler(lambda spec: AddingFrame())
    sampler.fit_resample(*noise_and_frames)
    for seen in classifiers:
        learnt, judged = ({row.tobytes() for row in seen[name]} for name in ("X", "judged"))
        assert len(judged) == (N_COMMON + N_RARE) // 3
        assert learnt.isdisjoint(judged)
        labels, counts = np.unique(seen["y"], return_counts=True)
        assert dict(zip(labels, counts, strict=True)) == {"frame": 60, "noise": 60}
    assert sampler.synthetic_fraction_ == {"frame": 0.0}  # as good as each other


def test_either_set_is_learnt_by_three_classifiers_that_shift(noise_and_frames, classifiers):
    make_sampler(lambda spec: AddingFrame()).fit_resample(*noise_and_frames)
    seeds = [seen["self"].random_state for seen in classifiers]
    assert seeds[:3] == seeds[3:]
    assert len(set(seeds)) == 3
    assert {seen["self"].augmentation for seen in classifiers} == {"shifts"}


@pytest.mark.parametrize("is_flat", [False, True], ids=["images", "flattened images"])
def test_classifiers_are_trained_as_the_cyclegans_are(noise_and_frames, classifiers, is_flat):
    X, y = noise_and_frames
    params = {"precision": "float32"}
    if is_flat:
        X, params["image_shape"] = X.reshape(len(X), -1), (SIDE, SIDE)
    make_sampler(lambda spec: AddingFrame(), **params).fit_resample(X, y)
    trained = [seen["self"] for seen in classifiers]
    assert {each.augmentation for each in trained} == {"shifts"}
    assert {(each.device, each.precision) for each in trained} == {("cpu", "float32")}


def test_a_third_of_each_class_is_held_back():
    y = np.repeat([0, 1, 2, 3], [2, 9, 31, 3000])
    X = np.arange(len(y))
    held_back = hold_back(X, y, np.random.RandomState(0))
    assert np.bincount(y[held_back], minlength=4).tolist() == [0, 3, 10, 200]
    assert not np.array_equal(hold_back(X, y, np.random.RandomState(1)), held_back)


def test_a_small_class_whose_rows_others_have_too_keeps_them():
    X = np.arange(44)
    X[-2:] = X[3:5]
    y = np.repeat([0, 1, 2], [30, 12, 2])
    for seed in range(40):
        held_back = hold_back(X, y, np.random.RandomState(seed))
        assert not held_back[y == 2].any()
        assert held_back[y == 0].sum() >= 8


def test_copies_of_a_row_are_held_back_with_it():
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1, 2], [30, 6, 2])
    X = np.append(rng.normal(size=(36, 3)), np.zeros((2, 3)), axis=0)  # one row of class 2
    drawn = np.append(np.arange(len(y)), rng.choice(np.arange(30, 36), 24))
    held_back = hold_back(X[drawn], y[drawn], np.random.RandomState(0))
    assert len(set(drawn[held_back])) == 10 + 2
    assert set(drawn[held_back]).isdisjoint(drawn[~held_back])


@pytest.mark.parametrize(("ratio", "n_frames"), [(1.0, 60), (0.5, 30), (0.13, 7)])
def test_trials_have_the_balance_of_the_whole(noise_and_frames, classifiers, ratio, n_frames):
    sampler = make_sampler(lambda spec: AddingFrame(), sampling_strategy=ratio)
    sampler.fit_resample(*noise_and_frames)
    assert len(classifiers) == 6
    for seen in classifiers:
        assert (np.sum(seen["y"] == "noise"), np.sum(seen["y"] == "frame")) == (60, n_frames)


def test_the_balance_of_trials_is_rounded():
    y, y_left = np.repeat([0, 1], [30, 6]), np.repeat([0, 1], [20, 4])
    assert wanted_counts(y, y_left, {1: 4}) == {1: 7}  # two thirds of 10


def test_gain_is_the_mean_over_classes_and_its_error_that_of_mcnemar():
    y = np.repeat(["common", "rare"], [100, 4])
    gains = np.zeros(104)
    gains[:5], gains[5:7] = -1.0, 1.0  # 5 rows lost and 2 won of 100
    gains[100] = 1.0  # and 1 won of 4
    gain, error = gain_and_error(gains, y)
    assert gain == pytest.approx((-3 / 100 + 1 / 4) / 2)
    assert error == pytest.approx(np.sqrt(7 / 100**2 + 1 / 4**2) / 2)


@pytest.mark.parametrize(
    ("gains", "is_taken"),
    [
        ([1, 0, 0, 0, 0], True),
        ([0, 0, 0, 0, 0], False),  # a CycleGAN less is simpler
        ([-1, 0, 0, 0, 0], True),  # one row is no evidence
        ([-1, -1, 0, 0, 0], False),
        ([-1, -1, 1, 0, 0], True),
        ([-1 / 3, -1 / 3, -1 / 3, 0, 0], False),
    ],
)
def test_translations_are_given_up_for_more_than_chance(gains, is_taken):
    y = np.repeat(["common", "rare"], [20, 5])
    assert are_worth_it(np.append(np.zeros(20), gains), y) == is_taken


@pytest.mark.parametrize("n_rare", [5, 20])
def test_what_does_no_harm_is_given_up_in_a_tenth_of_draws(n_rare):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(6), [200, 200, 200, n_rare, n_rare, n_rare])
    taken = [
        are_worth_it(rng.choice([-1.0, 0.0, 1.0], len(y), p=[0.15, 0.7, 0.15]), y)
        for _ in range(1000)
    ]
    assert 0.86 < np.mean(taken) < 0.94


def test_what_was_chosen_is_saved(noise_and_frames, tmp_path):
    sampler = make_sampler("auto").set_params(synthetic_fraction=0.25)
    sampler.fit_resample(*noise_and_frames)
    save(sampler, tmp_path / "sampler")
    assert load(tmp_path / "sampler").synthetic_fraction_ == {"frame": 0.25}


def test_folders_need_a_number(tmp_path):
    with pytest.raises(ValueError, match="synthetic_fraction='auto'"):
        plan_folder(tmp_path, make_sampler("auto"))
