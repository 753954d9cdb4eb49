"""What went wrong in a training is named."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import nn

from skgan_aug import CycleGANOverSampler
from skgan_aug.images import ImageSpec
from skgan_aug.training import CycleGAN, diagnose

X = np.random.RandomState(0).randint(256, size=(20, 8, 8)).astype(np.uint8)
SOURCE, TARGET = X[:12], X[12:]
DISCRIMINATORS = {"discriminator_s": 0.2, "discriminator_t": 0.2}


class Constant(nn.Module):
    """Returns the same image whatever comes in."""

    def __init__(self, spec):
        super().__init__()
        self.image = nn.Parameter(torch.full((1, *spec.image_size), 0.5))

    def forward(self, x):
        return self.image.expand_as(x)


class Inversion(nn.Module):
    """A translation that changes everything and keeps the variety."""

    def __init__(self, spec):
        super().__init__()
        self.sign = nn.Parameter(torch.tensor(-1.0))

    def forward(self, x):
        return self.sign * x


class Affine(nn.Module):
    """A translation of a known spread, that changes images by a known amount."""

    def __init__(self, factor, shift):
        super().__init__()
        self.factor, self.shift = factor, nn.Parameter(torch.tensor(shift))

    def forward(self, x):
        return self.factor * x + self.shift


def trained(generator, losses=DISCRIMINATORS, n_iter=200):
    cyclegan = CycleGAN(ImageSpec.from_array(X), generator=generator)
    cyclegan.history = [{"n_iter": n_iter, **losses}]
    return cyclegan


def test_nothing_is_found_where_all_is_well():
    assert diagnose(trained(Inversion), SOURCE, TARGET) == []


def test_the_identity_is_found():
    (finding,) = diagnose(trained(lambda spec: nn.Identity()), SOURCE, TARGET)
    assert "equal their source (they differ by 0.00%" in finding
    assert "raise max_iter" in finding


def test_translations_without_variety_are_found():
    (finding,) = diagnose(trained(Constant), SOURCE, TARGET)
    assert "no variety" in finding


def test_translations_that_do_not_cross_are_found():
    cyclegan = trained(Inversion)
    last = cyclegan.classifier.logits[-1]
    nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor([9.0, 1.0]).log()
    (finding,) = diagnose(cyclegan, SOURCE, TARGET)
    assert "do not cross" in finding
    assert "probability of 0.10" in finding
    assert "Lower cycle_weight" in finding


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_a_discriminator_that_won_is_found(name):
    (finding,) = diagnose(trained(Inversion, DISCRIMINATORS | {name: 0.001}), SOURCE, TARGET)
    assert f"loss of {name} fell to 0.001" in finding
    assert "Lower learning_rate" in finding


@pytest.mark.parametrize(
    ("factor", "shift", "found"),
    [
        (1.0, 0.009, "equal their source (they differ by 0.45% "),
        (1.0, 0.011, None),
        (0.19, 0.0, "no variety"),
        (0.21, 0.0, None),
    ],
)
def test_small_changes_and_small_varieties_are_found(factor, shift, found):
    findings = diagnose(trained(lambda spec: Affine(factor, shift)), SOURCE, SOURCE)
    assert found in findings[0] if found else findings == []


def test_variety_is_that_of_the_target():
    (finding,) = diagnose(trained(Inversion), SOURCE // 10 + 115, TARGET)
    assert "no variety" in finding


@pytest.mark.parametrize(("score", "is_found"), [(0.24, True), (0.26, False)])
def test_scores_below_a_quarter_are_found(score, is_found):
    cyclegan = trained(Inversion)
    last = cyclegan.classifier.logits[-1]
    nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor([1 - score, score]).log()
    assert len(diagnose(cyclegan, SOURCE, TARGET)) == is_found


@pytest.mark.parametrize(("loss", "is_found"), [(0.0049, True), (0.0051, False)])
def test_losses_below_a_fiftieth_of_guessing_are_found(loss, is_found):
    cyclegan = trained(Inversion, DISCRIMINATORS | {"discriminator_t": loss})
    assert len(diagnose(cyclegan, SOURCE, TARGET)) == is_found


def test_short_trainings_are_not_judged():
    assert diagnose(trained(Constant, n_iter=199), SOURCE, TARGET) == []


def test_the_sampler_warns():
    sampler = CycleGANOverSampler(
        generator=lambda spec: Constant(spec), max_iter=200, batch_size=1, random_state=0
    )
    y = np.repeat([0, 1], [12, 8])
    with pytest.warns(ConvergenceWarning, match=r"CycleGAN 0 -> 1: .* no variety") as warned:
        sampler.fit_resample(X, y)
    assert warned[0].filename == __file__


def test_the_sampler_looks_at_rows_of_the_source_and_of_the_target(monkeypatch):
    looked_at = []

    def spy(cyclegan, source, target, *, device):
        looked_at.append((source[:, 0].tolist(), target[:, 0].tolist()))
        return []

    monkeypatch.setattr("skgan_aug.over_sampling.diagnose", spy)
    rows, y = np.arange(330.0)[:, None], np.repeat([1, 0], [130, 200])
    CycleGANOverSampler(max_iter=1, batch_size=1, random_state=0).fit_resample(rows, y)
    ((source, target),) = looked_at
    for seen, first, last in ((source, 130, 329), (target, 0, 129)):
        assert len(set(seen)) == 128
        assert (min(seen), max(seen)) == (first, last)  # from all over the class
