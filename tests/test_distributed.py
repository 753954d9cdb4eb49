"""The scaling guide, run for real on a local cluster of two worker processes."""

import os
import re
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skgan_aug import CycleGANOverSampler, TorchCNNClassifier
from skgan_aug.training import CycleGANCache

GUIDE = Path(__file__).parents[1] / "docs" / "scaling.md"
N_FOLDS = 3


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.fixture
def problem():
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1, 2], [24, 9, 9])
    X = rng.randint(128, size=(len(y), 8, 8)) + 50 * y.reshape(-1, 1, 1)
    return X.astype(np.uint8), y


def make_search(folder, max_iter=60):
    pipe = make_pipeline(
        CycleGANOverSampler(max_iter=max_iter, batch_size=4, memory=folder, random_state=0),
        TorchCNNClassifier(max_epochs=3, random_state=0),
    )
    ratios = {"cycleganoversampler__sampling_strategy": [0.5, 0.75, 1.0]}
    return GridSearchCV(
        pipe, ratios, cv=N_FOLDS, scoring="balanced_accuracy", refit=False, error_score="raise"
    )


def run_guide(search, cluster, X, y):
    """Execute the guide's block about clusters."""
    (block,) = [
        block
        for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
        if 'backend="dask"' in block
    ]
    names = {"address": cluster.scheduler_address, "search": search, "X": X, "y": y}
    exec(compile(block, GUIDE.name, "exec"), names)
    names["client"].close()


def scores(search):
    return [search.cv_results_[f"split{fold}_test_score"].tolist() for fold in range(N_FOLDS)]


@pytest.mark.slow
def test_a_cluster_gives_the_scores_of_one_process(cluster, problem, tmp_path):
    search = make_search(tmp_path / "cluster")
    run_guide(search, cluster, *problem)
    serial = clone(search).set_params(
        estimator__cycleganoversampler__memory=tmp_path / "serial"
    )
    serial.fit(*problem)
    assert scores(search) == scores(serial)
    assert len(CycleGANCache(tmp_path / "cluster").entries()) == 2 * N_FOLDS


@pytest.mark.slow
def test_a_search_survives_the_death_of_a_worker(cluster, problem, tmp_path):
    search = make_search(tmp_path / "cluster", max_iter=150)
    killed = []

    def kill_a_worker_midway():
        while not CycleGANCache(tmp_path / "cluster").entries():
            time.sleep(0.02)
        worker = cluster.workers[0]
        killed.append(worker.pid)
        os.kill(worker.pid, 9)

    killer = threading.Thread(target=kill_a_worker_midway)
    killer.start()
    run_guide(search, cluster, *problem)
    killer.join()
    assert killed
    serial = make_search(tmp_path / "serial", max_iter=150).fit(*problem)
    assert scores(search) == scores(serial)
