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


def test_short_trainings_are_not_judged():
    assert diagnose(trained(Constant, n_iter=199), SOURCE, TARGET) == []


def test_the_sampler_warns():
    sampler = CycleGANOverSampler(
        generator=lambda spec: Constant(spec), max_iter=200, batch_size=1, random_state=0
    )
    y = np.repeat([0, 1], [12, 8])
    with pytest.warns(ConvergenceWarning, match=r"CycleGAN 0 -> 1: .* no variety"):
        sampler.fit_resample(X, y)
