"""What importing the package costs, and what it offers."""

import os
import subprocess
import sys

import pytest

import skgan_aug


def test_every_name_can_be_had():
    for name in skgan_aug.__all__:
        assert getattr(skgan_aug, name) is vars(skgan_aug)[name]
    for name in skgan_aug._SUBMODULES:
        assert getattr(skgan_aug, name).__name__ == f"skgan_aug.{name}"
    assert {*skgan_aug.__all__, *skgan_aug._SUBMODULES} <= {*dir(skgan_aug)}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'CycleGan'"):
        skgan_aug.CycleGan  # noqa: B018


def test_the_package_alone_loads_nothing_large():
    code = "import sys, skgan_aug; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert {"torch", "sklearn", "imblearn", "skorch"}.isdisjoint(done.stdout.split())


def seconds(code):
    """Of a processor, so that whatever else runs beside does not count."""
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])  # of child processes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "beside", "limit"),
    [
        ("import skgan_aug", "import torch", 1.5),
        ("import torch, skgan_aug.networks, skgan_aug.training", "import torch", 1.5),
        (
            "from skgan_aug import CycleGANOverSampler, TorchCNNClassifier",
            "import torch, imblearn.over_sampling, skorch.callbacks",
            1.2,
        ),
    ],
    ids=["the package", "the engine", "the estimators"],
)
def test_import_takes_no_longer(code, beside, limit):
    times = [(seconds(code), seconds(beside)) for _ in range(5)]
    assert min(ours for ours, _ in times) < limit * min(theirs for _, theirs in times)
