"""Exactly n candidates are kept, the best first."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from skgan_aug import CycleGANOverSampler
from skgan_aug.images import ImageSpec
from skgan_aug.selection import select_candidates
from skgan_aug.training import CycleGAN


@pytest.fixture(scope="module")
def cyclegan():
    X = np.random.RandomState(0).randint(256, size=(6, 8, 8)).astype(np.uint8)
    return CycleGAN(ImageSpec.from_array(X)).eval()


@pytest.fixture(scope="module")
def candidates(cyclegan):
    return torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_none_keeps_the_first(cyclegan, candidates):
    assert_array_equal(select_candidates(None, cyclegan, candidates, 3), [0, 1, 2])


@pytest.mark.parametrize("n", [0, 1, 4, 10])
@pytest.mark.parametrize(
    "selection",
    [None, "discriminator", "classifier", lambda rows: np.zeros(len(rows))],
    ids=["None", "discriminator", "classifier", "callable"],
)
def test_exactly_n_different_candidates_are_kept(cyclegan, candidates, selection, n):
    kept = select_candidates(selection, cyclegan, candidates, n)
    assert len(set(kept.tolist())) == len(kept) == n


def test_the_classifier_prefers_what_it_gives_the_target_class(cyclegan, candidates):
    with torch.no_grad():
        expected = (
            cyclegan.classifier(candidates).softmax(dim=1)[:, 1].argsort(descending=True)
        )
    kept = select_candidates("classifier", cyclegan, candidates, 10)
    assert_array_equal(kept, expected)


def test_the_discriminator_prefers_what_it_finds_real(cyclegan, candidates):
    with torch.no_grad():
        expected = cyclegan.discriminator_t(candidates).mean(dim=(1, 2, 3))
    kept = select_candidates("discriminator", cyclegan, candidates, 10)
    assert_array_equal(kept, expected.argsort(descending=True))


def test_a_callable_gets_rows_and_its_highest_scores_are_kept(cyclegan, candidates):
    seen = []

    def score(rows):
        seen.append(rows)
        return [0, 3, 1, 3, 9, -1, 0, 0, 2, 2]

    kept = select_candidates(score, cyclegan, candidates, 6)
    assert_array_equal(kept, [4, 1, 3, 8, 9, 2])  # of equal ones the earlier
    assert_array_equal(seen[0], cyclegan.spec.decode(candidates))
    assert seen[0].dtype == np.uint8


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
