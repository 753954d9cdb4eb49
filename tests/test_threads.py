"""Fits at the same time, in threads or processes, give what each gives alone, to the bit."""

import functools
import threading
import warnings

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from torch import nn

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.training import CycleGANCache

N_THREADS = 2


def make_problem():
    y = np.repeat([0, 1, 2], [24, 9, 9])
    X = np.random.RandomState(0).randint(128, size=(len(y), 8, 8)) + 50 * y[:, None, None]
    return X.astype(np.uint8), y


def over_sample(seed, **parameters):
    """The rows after over-sampling: dropout of the auxiliary classifier has a part in them."""
    sampler = CycleGANOverSampler(
        **{"max_iter": 6, "batch_size": 4, "classifier_weight": 1.0, "random_state": seed}
        | parameters
    )
    return sampler.fit_resample(*make_problem())[0]


def classify(seed):
    """Probabilities by a network with dropout, of the rows it was trained on."""
    X, y = make_problem()
    classifier = TorchCNNClassifier(
        max_epochs=4, augmentation="flips_shifts", mixup=0.2, random_state=seed
    )
    return classifier.fit(X, y).predict_proba(X)


both = pytest.mark.parametrize("fit", [over_sample, classify])


@functools.cache
def alone(fit, seed, n_threads=2):
    assert torch.get_num_threads() == n_threads
    return fit(seed)


@pytest.fixture(autouse=True)
def two_threads():
    """As many as would show: not what one training uses."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2
    assert in_threads([torch.get_num_threads]) == [2]  # what later threads start with
    torch.set_num_threads(n_threads)


def in_threads(functions):
    """Call them all at the same time; their results."""
    results, barrier = [None] * len(functions), threading.Barrier(len(functions))

    def call(position):
        barrier.wait()
        results[position] = functions[position]()

    threads = [
        threading.Thread(target=call, args=(position,)) for position in range(len(functions))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def assert_same(results, expected):
    for result, alone in zip(results, expected, strict=True):
        assert_array_equal(result, alone)


@both
@pytest.mark.usefixtures("global_rng_is_left_alone")
def test_two_fits_at_once(fit):
    assert_same(in_threads([lambda: fit(0), lambda: fit(1)]), [alone(fit, 0), alone(fit, 1)])


@pytest.mark.usefixtures("global_rng_is_left_alone")
def test_both_estimators_at_once():
    together = in_threads([lambda: over_sample(0), lambda: classify(0)])
    assert_same(together, [alone(over_sample, 0), alone(classify, 0)])


@pytest.mark.slow
@both
@pytest.mark.usefixtures("global_rng_is_left_alone")
def test_five_fits_at_once_again_and_again(fit):
    expected = [alone(fit, seed) for seed in range(5)]
    for _ in range(3):
        assert_same(in_threads([lambda seed=s: fit(seed) for s in range(5)]), expected)


def test_a_fit_among_predictions():
    """Predicting draws nothing, and leaves a fit alone."""
    X, y = make_problem()
    fitted = TorchCNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    probabilities = fitted.predict_proba(X)
    sampler = CycleGANOverSampler(max_iter=2, random_state=0)
    sampler.fit_resample(X, y)
    (pair, *_) = sampler.cyclegans_
    names = dict(zip(("source", "target"), pair, strict=True))
    translations = sampler.translate(X, **names)
    results = in_threads(
        [
            lambda: over_sample(0),
            lambda: [fitted.predict_proba(X) for _ in range(20)],
            lambda: [sampler.translate(X, **names) for _ in range(20)],
        ]
    )
    assert_array_equal(results[0], alone(over_sample, 0))
    assert_same(results[1], [probabilities] * 20)
    assert_same(results[2], [translations] * 20)


def test_threads_that_start_during_a_training_compute_on_as_many_threads():
    seen = []

    class Watching(nn.Module):
        def __init__(self, spec):
            super().__init__()
            self.layer = nn.Conv2d(spec.n_channels, spec.n_channels, 1)

        def forward(self, x):
            if self.training and len(x) == 4:  # a step; before it two rows are tried
                seen.append((torch.get_num_threads(), *in_threads([torch.get_num_threads])))
            return self.layer(x).tanh()

    over_sample(0, generator=Watching, max_iter=1)
    assert set(seen) == {(1, 2)}


def test_threads_share_a_folder(tmp_path):
    folders = {"memory": tmp_path / "memory", "checkpoint_dir": tmp_path / "checkpoints"}
    results = in_threads([lambda: over_sample(0, **folders)] * N_THREADS)
    assert_same(results, [alone(over_sample, 0)] * N_THREADS)
    assert len(CycleGANCache(tmp_path / "memory").entries()) == 2  # one for each rare class


def test_threads_leave_the_filters_of_warnings_alone():
    X, y = make_problem()
    classifier = TorchCNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    X.flags.writeable = False  # as in the memory maps of joblib: torch would warn
    filters = list(warnings.filters)
    in_threads([lambda: [classifier.predict(X) for _ in range(30)]] * 4)
    assert list(warnings.filters) == filters


@pytest.mark.parametrize(
    "backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)]
)
@both
@pytest.mark.usefixtures("global_rng_is_left_alone")
def test_in_workers_of_joblib(fit, backend):
    torch.set_num_threads(1)  # what workers of loky have, and the classifier's sums hang on
    parallel = joblib.Parallel(n_jobs=N_THREADS, backend=backend)
    results = parallel(joblib.delayed(fit)(seed) for seed in range(3))
    assert_same(results, [alone(fit, seed, n_threads=1) for seed in range(3)])
    torch.set_num_threads(2)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_pairs_in_workers_of_joblib(backend):
    with joblib.parallel_config(backend=backend):
        together = over_sample(0, n_jobs=2)
    assert_array_equal(together, alone(over_sample, 0))


@pytest.mark.slow
@pytest.mark.parametrize("processes", [False, True], ids=["threads", "processes"])
@both
def test_in_workers_of_dask(fit, processes):
    distributed = pytest.importorskip("distributed")
    torch.set_num_threads(1)
    with (
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=N_THREADS,
            processes=processes,
            dashboard_address=None,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        results = client.gather(client.map(fit, range(4), pure=False))
    assert_same(results, [alone(fit, seed, n_threads=1) for seed in range(4)])
    torch.set_num_threads(2)
