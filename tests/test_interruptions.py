"""Killed at any moment and started again, training gives the very same result."""

import dataclasses
import multiprocessing
import random
import signal
import time

import numpy as np
import pytest
import torch

from skgan_aug.images import ImageSpec
from skgan_aug.training import TrainingConfig, loop, train_cyclegan

CONFIG = TrainingConfig(max_iter=120, batch_size=2, pool_size=8, classifier_weight=1.0)
N_KILLS = 20


def train(folder, result):
    torch.set_num_threads(1)
    loop._CHECKPOINT_SECONDS = 0.05  # so that kills meet writing too
    X = np.random.RandomState(0).randint(256, size=(20, 8, 8)).astype(np.uint8)
    cyclegan = train_cyclegan(
        ImageSpec.from_array(X),
        dataclasses.replace(CONFIG),
        X[:12],
        X[12:],
        seed=0,
        checkpoint_dir=folder,
    )
    torch.save((cyclegan.state_dict(), cyclegan.history), result)


def start(folder, result):
    process = multiprocessing.get_context("fork").Process(target=train, args=(folder, result))
    process.start()
    return process


@pytest.mark.slow
def test_twenty_kills_change_nothing(tmp_path):
    begin = time.monotonic()
    start(None, tmp_path / "whole").join()
    seconds = time.monotonic() - begin
    whole, history = torch.load(tmp_path / "whole")
    moments = random.Random(0)
    n_interrupted = 0
    for kill in range(N_KILLS):
        folder, result = tmp_path / f"checkpoints{kill}", tmp_path / f"result{kill}"
        process = start(folder, result)
        time.sleep(moments.uniform(0, seconds))
        process.kill()
        process.join()
        n_interrupted += process.exitcode == -signal.SIGKILL
        process = start(folder, result)
        process.join()
        assert process.exitcode == 0
        resumed, resumed_history = torch.load(result)
        assert resumed_history == history
        assert all(torch.equal(resumed[name], weights) for name, weights in whole.items())
    assert n_interrupted > N_KILLS / 2
