"""Many images: memory in proportion to what goes in and comes out, time to their number."""

import sys

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from benchmarks.bench_load import measure_case, measure_in_processes
from skgan_aug import CycleGANOverSampler
from skgan_aug.training import cyclegan

MOST_MEMORY = 2  # times input and output, beyond the input
HIGHEST_EXPONENT = 1.1


class Unchanged(nn.Module):
    """Translates nothing, but has a weight for the optimiser."""

    def __init__(self, spec):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return x + 0 * self.weight


reads_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@reads_proc
def test_memory_is_in_proportion():
    (measurement,) = measure_in_processes("default", [60_000])
    assert measurement["extra_over_input_and_output"] <= MOST_MEMORY


@pytest.mark.slow
@reads_proc
@pytest.mark.parametrize(
    "case", ["default", "selection by a function", "more translations than source rows"]
)
def test_two_hundred_thousand_images(case):
    result = measure_case(case)
    assert result["exponent"] <= HIGHEST_EXPONENT
    most = result["measurements"][-1]  # what fewer take is mostly the same for any number
    assert most["n_images"] == 200_000
    assert most["extra_over_input_and_output"] <= MOST_MEMORY


@pytest.mark.parametrize("selection", [None, lambda rows: rows.reshape(len(rows), -1)[:, 0]])
@pytest.mark.parametrize("shape", [(6, 5), (4,)], ids=["images", "vectors"])
def test_batches_do_not_show(monkeypatch, shape, selection):
    """Rows come in several batches, also where repeats of source rows begin."""
    y = np.repeat(["common", "other", "rare"], [60, 10, 3])
    X = np.random.RandomState(0).uniform(size=(len(y), *shape))
    sampler = CycleGANOverSampler(
        sampling_strategy={"rare": 60},
        source="other",
        synthetic_fraction=1.0,
        selection=selection,
        generator=Unchanged,
        max_iter=1,
        random_state=0,
    )
    at_once, _ = sampler.fit_resample(X, y)
    origins = sampler.source_indices_
    monkeypatch.setattr(cyclegan, "_TRANSLATION_BATCH", 7)
    in_batches, _ = sampler.fit_resample(X, y)
    assert_allclose(in_batches, at_once, atol=1e-6)
    assert (sampler.source_indices_ == origins).all()
    added, kept = in_batches[len(X) :], sampler.source_indices_[len(X) :]
    is_plain = np.isclose(added, X[kept], atol=1e-6).reshape(len(added), -1).all(axis=1)
    assert 0 < is_plain.sum() <= 10  # the first of each source row, and no repeat
    assert len(np.unique(added, axis=0)) == len(added)
