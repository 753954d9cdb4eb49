"""What all tests share."""

import os
import signal

# Before SciPy is imported: scikit-learn's check of array API support skips itself without.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# Before torch is: results agree bit for bit between processes that use as many threads, and
# one is the fastest for networks this small.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pytest
import torch


@pytest.fixture
def no_training(monkeypatch):
    """Fail the test as soon as anything is trained."""
    import skgan_aug._classifier_net
    import skgan_aug.training.trainer

    def train(*args, **kwargs):
        pytest.fail("training began")

    trainer = skgan_aug.training.trainer.CycleGANTrainer
    monkeypatch.setattr(trainer, "train_step", train)
    monkeypatch.setattr(skgan_aug._classifier_net.ClassifierNet, "train_step", train)


@pytest.fixture
def global_rng_is_left_alone():
    """Fail the test if it leaves NumPy's or torch's global generator changed."""
    numpy_state, torch_state = np.random.get_state(), torch.get_rng_state()
    yield
    assert torch.equal(torch.get_rng_state(), torch_state)
    for before, after in zip(numpy_state, np.random.get_state(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_raises():
    """A shell lets its background jobs ignore Ctrl-C, which tests of it would inherit."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)
