"""Exactly n candidates are kept, the best first."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from torch import nn

from skgan_aug import CycleGANOverSampler
from skgan_aug.images import ImageSpec
from skgan_aug.selection import keep_best, score_translations
from skgan_aug.training import CycleGAN


@pytest.fixture(scope="module")
def cyclegan():
    X = np.random.RandomState(0).randint(256, size=(6, 8, 8)).astype(np.uint8)
    return CycleGAN(ImageSpec.from_array(X)).eval()


@pytest.fixture(scope="module")
def candidates():
    return torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def make_rows():
    generator = np.random.RandomState(0)
    return generator.uniform(size=(48, 3)), np.repeat(["common", "rare"], [40, 8])


def test_an_unknown_selection_scores_nothing(cyclegan, candidates):
    with pytest.raises(ValueError, match="selection='discrimnator' is unknown"):
        score_translations("discrimnator", cyclegan, candidates)


def test_the_best_are_kept_and_of_equal_ones_the_earlier():
    scores = np.array([0, 3, 1, 3, 9, -1, 0, 0, 2, 2])
    assert_array_equal(keep_best(scores, 6), [4, 1, 3, 8, 9, 2])
    assert_array_equal(keep_best(scores, 10), [4, 1, 3, 8, 9, 2, 0, 6, 7, 5])
    assert len(keep_best(scores, 0)) == 0


def test_of_many_equal_ones_too_the_earlier_are_kept():
    scores = np.tile([0.0, 1.0], 500)  # sixteen are few enough to be sorted stably anyhow
    best = [*range(1, 1000, 2), *range(0, 1000, 2)]
    for n in (10, 500, 1000):
        assert_array_equal(keep_best(scores, n), best[:n])


def test_the_classifier_scores_by_its_probability_of_the_target(cyclegan, candidates):
    with torch.no_grad():
        expected = cyclegan.classifier(candidates).softmax(dim=1)[:, 1]
    assert_array_equal(score_translations("classifier", cyclegan, candidates), expected)


def test_the_discriminator_scores_by_how_real_it_finds_them(cyclegan, candidates):
    with torch.no_grad():
        expected = cyclegan.discriminator_t(candidates).mean(dim=(1, 2, 3))
    assert_array_equal(score_translations("discriminator", cyclegan, candidates), expected)


@pytest.mark.parametrize("selection", ["discriminator", "classifier", "callable"])
def test_the_planned_count_is_met_by_the_best_of_more_candidates(selection):
    X, y = make_rows()
    seen = []

    def first_column(rows):
        seen.append(rows)
        return rows[:, 0]

    sampler = CycleGANOverSampler(
        sampling_strategy={"rare": 14},
        synthetic_fraction=1.0,
        selection=first_column if selection == "callable" else selection,
        min_strength=1.0,
        max_iter=2,
        random_state=0,
    )
    X_new, _ = sampler.fit_resample(X, y)
    kept = X_new[sampler.synthetic_mask_]
    assert len(np.unique(sampler.source_indices_[sampler.synthetic_mask_])) == len(kept) == 6
    if selection == "callable":
        candidates = seen[-1]
        assert len(candidates) == 24
        assert_array_equal(kept, candidates[np.argsort(-candidates[:, 0])[:6]])
    else:
        (cyclegan,) = sampler.cyclegans_.values()
        x = cyclegan.spec.encode(cyclegan.spec.as_tensor(kept))
        scores = score_translations(selection, cyclegan, x)
        assert (np.diff(scores) <= 1e-4).all()  # but for rounding, the best come first


class AddingMoreToTheRight(nn.Module):
    """Adds 0.1 to all of an image, and 0.5 more to what is bright on its right."""

    def __init__(self):
        super().__init__()
        self.amount = nn.Parameter(torch.tensor(0.1))

    def forward(self, x):
        right = (x[..., -1:, -1:] > 0).float()
        return x + self.amount * (1 + 5 * right)


class Brightness(nn.Module):
    """A discriminator that finds the brighter ones more real."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        return self.weight * x.mean(dim=(1, 2, 3))


@pytest.mark.parametrize(
    "selection",
    [lambda rows: rows.mean(axis=(1, 2)), "discriminator"],
    ids=["callable", "discriminator"],
)
def test_what_is_ranked_has_gone_all_of_the_way(selection):
    rng = np.random.RandomState(0)
    X = rng.uniform(-0.2, 0.2, size=(430, 8, 8)).astype(np.float32)
    X[0, 0, 0], X[0, 0, 1] = -1.0, 1.0  # the range
    y = np.repeat(["common", "rare"], [400, 30])
    sampler = CycleGANOverSampler(
        sampling_strategy={"rare": 130},
        synthetic_fraction=1.0,
        selection=selection,
        min_strength=0.2,
        generator=lambda spec: AddingMoreToTheRight(),
        discriminator=lambda spec: Brightness(),
        n_snapshots=0,
        max_iter=1,
        learning_rate=1e-6,
        device="cpu",
        random_state=0,
    )
    X_new, _ = sampler.fit_resample(X, y)
    kept = sampler.synthetic_mask_
    origins = X[sampler.source_indices_[kept]]
    assert (origins[:, -1, -1] > 0).all()  # of which there are twice as many as are kept
    ways = (X_new[kept] - origins).mean(axis=(1, 2)) / 0.6
    assert 0.2 < ways.min() < 0.25
    assert 0.95 < ways.max() <= 1.001
    assert 0.55 < ways.mean() < 0.65


@pytest.mark.parametrize(("n", "n_candidates"), [(9, 36), (11, 40), (40, 40), (50, 50)])
def test_four_candidates_are_made_where_there_are_source_rows_enough(n, n_candidates):
    X, y = make_rows()
    seen = []

    def first_column(rows):
        seen.append(len(rows))
        return rows[:, 0]

    CycleGANOverSampler(
        sampling_strategy={"rare": 8 + n},
        synthetic_fraction=1.0,
        selection=first_column,
        max_iter=1,
        random_state=0,
    ).fit_resample(X, y)
    assert seen == [48, n_candidates]  # tried on X first


@pytest.mark.parametrize(
    ("scores", "match"),
    [
        (lambda n: np.zeros(n + 1), "one of shape"),
        (lambda n: np.zeros((n, 2)), "one of shape"),
        (lambda n: 1.0, "one of shape"),
        (lambda n: np.full(n, np.nan), "NaN or infinity"),
        (lambda n: np.r_[np.inf, np.zeros(n - 1)], "NaN or infinity"),
    ],
    ids=["too many", "two columns", "one number", "NaN", "infinity"],
)
def test_wrong_scores_are_refused(scores, match):
    X = np.random.RandomState(0).uniform(size=(12, 3))
    y = np.repeat(["common", "rare"], [8, 4])
    sampler = CycleGANOverSampler(
        selection=lambda rows: scores(len(rows)), max_iter=1, random_state=0
    )
    with pytest.raises(ValueError, match=f"selection must return one finite score .*{match}"):
        sampler.fit_resample(X, y)
